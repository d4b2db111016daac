import { join } from 'node:path';
import type { RunDistances } from '../../shared/api/runs.ts';
import { weightDistances } from '../../shared/keras/weight-distance.ts';
import { newestCheckpoint } from '../formats/checkpoint.ts';
import { readRunRecord } from './run-record.ts';

/** How far the weights of runs, each by its folder and newest checkpoint, lie from those of the first one. */
export async function runDistances(folders: readonly string[]): Promise<RunDistances> {
  const first = await weightsOf(folders[0]!);
  const steps: (number | null)[] = [first?.step ?? null];
  const distances: RunDistances['distances'][number][] = [null];
  // One after the other: of large models two sets of weights are enough to hold.
  for (const folder of folders.slice(1)) {
    const other = await weightsOf(folder);
    steps.push(other?.step ?? null);
    distances.push(first && other ? Object.fromEntries(weightDistances(first, other)) : null);
  }
  return { steps, distances };
}

async function weightsOf(folder: string) {
  const { model: spec, settings } = await readRunRecord(folder);
  const checkpoint = await newestCheckpoint(join(folder, 'checkpoints'));
  if (!checkpoint) return null;
  return { spec, model: settings.model, variables: checkpoint.variables, step: checkpoint.step };
}
