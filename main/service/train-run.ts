import { StudioError } from '../../shared/api/errors.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import type { TrainJob } from '../trainer/contract.ts';
import { readEvents } from './event-log.ts';
import { version } from './places.ts';
import { settledRecord } from './recover-run.ts';
import { createRunFolder, reopenRunFolder } from './run-folder.ts';
import { carryOut, type RunHandle, type RunOptions } from './run-handle.ts';
import { historyOf } from './run-history.ts';
import { eventsFile, thisProcess, type RunRecord } from './run-record.ts';

export interface TrainRunOptions
  extends RunOptions, Pick<TrainJob, 'chooseAnew' | 'changes' | 'until'> {
  readonly model: ModelSpec;
  readonly settings: TrainingSettings;
  /** The run's own folder. It may exist, but must hold no run. */
  readonly folder: string;
  /** Name and number of the run in its project; a run by itself is `run`, number 1. */
  readonly id?: string;
  readonly number?: number;
}

/** Starts a run. Throws a StudioError when the folder can't hold one. */
export async function trainRun(options: TrainRunOptions): Promise<RunHandle> {
  const { folder, settings, model, chooseAnew, changes, until } = options;
  const opened = await createRunFolder(folder, {
    version: 1,
    id: options.id ?? 'run',
    number: options.number ?? 1,
    created: Date.now(),
    state: 'queued',
    settings,
    lastStep: 0,
    seq: 0,
    owner: thisProcess,
    studio: version,
    model,
  });
  const given = Object.fromEntries(
    Object.entries({ chooseAnew, changes, until }).filter(([, value]) => value !== undefined),
  );
  return carryOut(opened, { model, settings, folder, ...given }, options);
}

export interface ResumeRunOptions extends RunOptions {
  readonly folder: string;
  /** How many epochs the run has in the end; those of its settings unless told. */
  readonly epochs?: number;
}

/**
 * Lets a run go on that was stopped, failed, or whose processes died: from its newest whole checkpoint, to the very
 * numbers of a run that never stopped. With more epochs, also one that is finished. Throws a StudioError for a folder
 * without a run, one that is under way, and one that has no epochs left.
 */
export async function resumeRun(options: ResumeRunOptions): Promise<RunHandle> {
  const { folder } = options;
  let job: TrainJob | undefined;
  const opened = await reopenRunFolder(folder, async () => {
    const { error: _error, ...record } = await settledRecord(folder);
    const settings = { ...record.settings, epochs: options.epochs ?? record.settings.epochs };
    const { losses, epochs, changes } = historyOf(await readEvents(eventsFile(folder)));
    const told = { step: losses.length, epoch: epochs.at(-1)?.epoch ?? -1 };
    checkEpochs(record, settings.epochs, told.epoch);
    const model = record.modelAtStart ?? record.model;
    job = { model, settings, folder, resume: told, changes };
    return { ...record, settings, state: 'queued', owner: thisProcess };
  });
  return carryOut(opened, job!, options);
}

function checkEpochs({ state, number }: RunRecord, epochs: number, done: number): void {
  const times = (n: number) => `${n} ${n === 1 ? 'epoch' : 'epochs'}`;
  if (epochs < done || (state === 'finished' && epochs === done))
    throw new StudioError(
      'NO_EPOCHS_LEFT',
      `run ${number} has trained ${times(done)} already, and ${epochs === done ? 'is finished' : `can't have ${times(epochs)}`}; ` +
        `ask for more than ${done} to extend it`,
    );
}
