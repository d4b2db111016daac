import { compareRuns, type ComparedFact } from '../../shared/api/compare-runs.ts';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { EpochResult } from '../../shared/api/events.ts';
import type { RunDistances } from '../../shared/api/runs.ts';
import { compareModels, type ComparedLayer } from '../../shared/keras/compare.ts';
import { readEvents } from './event-log.ts';
import { runDistances } from './run-distances.ts';
import { runsIn } from './run-folders.ts';
import { eventsFile, readRunRecord } from './run-record.ts';

/** Runs side by side. */
export interface RunComparison {
  readonly runs: readonly RunSummary[];
  readonly facts: readonly ComparedFact[];
  readonly layers: ComparedLayer;
  readonly weights: RunDistances;
  /** By run: the epochs whose results stand. */
  readonly epochs: readonly (readonly EpochResult[])[];
}

/** Compares runs by their folders. Throws a StudioError for a folder that is no run. */
export async function compareRunFolders(folders: readonly string[]): Promise<RunComparison> {
  const runs = (await Promise.all(folders.map(runsIn))).flat();
  const records = await Promise.all(folders.map(readRunRecord));
  return {
    runs,
    facts: compareRuns(runs),
    layers: compareModels(
      records.map(({ model, settings }) => ({ spec: model, model: settings.model })),
    ),
    weights: await runDistances(folders),
    epochs: await Promise.all(folders.map(readEpochs)),
  };
}

/** The epochs of a run; those that a later event made void are left out. */
async function readEpochs(folder: string): Promise<EpochResult[]> {
  const epochs: EpochResult[] = [];
  for (const event of await readEvents(eventsFile(folder)))
    if (event.type === 'epoch') {
      const { type: _type, seq: _seq, time: _time, ...epoch } = event;
      epochs.push(epoch);
    } else if (event.type === 'resumed')
      while (epochs.length > 0 && epochs.at(-1)!.epoch > event.epoch) epochs.pop();
  return epochs;
}
