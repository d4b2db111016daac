import { join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import type { Resumption } from '../../shared/api/events.ts';
import { describeDifferences, differenceOf } from '../../shared/data/difference.ts';
import type { RunData } from '../../shared/data/run-data.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import {
  forgetCheckpointsAfter,
  newestCheckpoint,
  type BrokenCheckpoint,
  type Checkpoint,
} from '../formats/checkpoint.ts';
import { checkpointFolder, type TrainJob } from './contract.ts';

/** Where a run goes on. */
export interface Start {
  /** Null: there is none that can be used, so the training begins anew. */
  readonly checkpoint: Checkpoint | null;
  readonly resumption: Resumption;
  readonly broken: readonly BrokenCheckpoint[];
}

/**
 * The newest whole checkpoint of a run that its history reaches: what was told until then stands, what came later
 * happens anew. Throws a StudioError that names what is not as it was: a layer of the model, a setting.
 */
export async function findStart(
  { folder, model, settings }: TrainJob,
  told: NonNullable<TrainJob['resume']>,
): Promise<Start> {
  const broken: BrokenCheckpoint[] = [];
  const checkpoint = await newestCheckpoint(join(folder, checkpointFolder), {
    // The weights before the first step follow from the seed, and what follows them was perhaps not yet told.
    fits: ({ step, progress }) =>
      progress !== undefined && step > 0 && step <= told.step && progress.epochsTold <= told.epoch,
    onBroken: (one) => broken.push(one),
  });
  if (checkpoint) {
    checkModel(model, checkpoint.model);
    checkSettings(settings, checkpoint.settings);
  }
  const { step, epoch } = checkpoint
    ? { step: checkpoint.step, epoch: checkpoint.progress!.epochsTold }
    : { step: 0, epoch: -1 };
  const resumption = { step, epoch, ...(broken.length > 0 && { passedOver: broken }) };
  return { checkpoint, resumption, broken };
}

/** Clears the run's folder of checkpoints that are broken, or later than where the run goes on. */
export function clearAfter({ folder }: TrainJob, { resumption, broken }: Start): Promise<void> {
  return forgetCheckpointsAfter(join(folder, checkpointFolder), resumption.step, broken);
}

/** Throws a StudioError unless the data are those that a checkpoint was trained on. */
export function checkData(now: RunData, { progress }: Checkpoint): void {
  const known = Object.entries(progress!.data).filter(([, value]) => value !== undefined);
  const was: RunData = { ...now, ...Object.fromEntries(known) };
  const differences = differenceOf(was, now);
  if (differences.length === 0) return;
  throw new StudioError(
    'DATA_CHANGED',
    `the run can't go on, for the data are not those of its checkpoint: ${describeDifferences(differences)}`,
  );
}

/** What is frozen may differ: it changes in mid-run. */
function checkModel(now: ModelSpec, was: ModelSpec): void {
  const ids = new Set([...Object.keys(was.layers), ...Object.keys(now.layers)]);
  for (const id of ids) {
    const [before, after] = [was.layers[id], now.layers[id]];
    if (!before) throw modelChanged(`the layer ${id} was not in it`);
    if (!after) throw modelChanged(`the layer ${id} is gone from it`);
    const keys = new Set([...Object.keys(before.config), ...Object.keys(after.config)]);
    keys.delete('trainable');
    for (const key of keys) {
      const [old, own] = [before.config[key], after.config[key]].map((value) => sorted(value));
      if (old !== own) throw modelChanged(`${key} of the layer ${id} was ${old}, it is ${own}`);
    }
    const rest = (layer: typeof before) => sorted({ ...layer, config: null });
    if (rest(before) !== rest(after)) throw modelChanged(`what is inside ${id} is another`);
  }
}

function modelChanged(what: string): StudioError {
  return new StudioError(
    'MODEL_CHANGED',
    `the run can't go on: its model is not the one of its checkpoint: ${what}`,
  );
}

/** More epochs, another engine or other times for checkpoints do no harm; all else makes another training. */
const FREE_SETTINGS: ReadonlySet<string> = new Set(['epochs', 'engine', 'checkpoints']);

function checkSettings(now: TrainJob['settings'], was: TrainJob['settings']): void {
  for (const key of Object.keys(now) as (keyof typeof now)[]) {
    const [old, own] = [sorted(was[key]), sorted(now[key])];
    if (FREE_SETTINGS.has(key) || old === own) continue;
    throw new StudioError(
      'SETTINGS_CHANGED',
      `the run can't go on with other settings than its checkpoint has: ${key} was ${old}, it is ${own}`,
    );
  }
}

/** JSON text with keys in order. */
function sorted(value: unknown): string {
  return String(
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === 'object' && part !== null && !Array.isArray(part)
        ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
        : part,
    ),
  );
}
