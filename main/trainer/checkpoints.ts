import { join } from 'node:path';
import { removeOldCheckpoints, writeCheckpoint } from '../formats/checkpoint.ts';
import type { TrainingCallbacks } from './callbacks/callbacks.ts';
import { checkpointFolder, checkpointPath, type TrainJob } from './contract.ts';
import type { Reporter } from './reporter.ts';
import { secondsSince, type Training } from './training.ts';

/** Keeps on the disk what it takes to go on. */
export interface Checkpoints {
  /** Writes a checkpoint of now, unless the newest is of now, and removes those that are too many. */
  save(): Promise<void>;
  /** Whether the settings ask for a checkpoint inside of an epoch. */
  due(): boolean;
}

/** A checkpoint by time waits until it has cost no more than this share of the time since the one before. */
const MOST_SHARE = 0.05;

/** The checkpoints of a training; the newest is of the step where the training begins, or there is none. */
export function createCheckpoints(
  { folder, settings }: Pick<TrainJob, 'folder' | 'settings'>,
  at: Training,
  callbacks: TrainingCallbacks,
  report: Reporter,
  resumed: boolean,
): Checkpoints {
  const { keep, every_minutes: minutes, every_steps: steps } = settings.checkpoints;
  const mark = () => `${at.step} ${at.epochsTold} ${at.epochsBegun} ${callbacks.stopping}`;
  let saved = {
    mark: resumed ? mark() : '',
    step: resumed ? at.step : -1,
    when: performance.now(),
    took: 0,
  };

  return {
    async save() {
      if (saved.mark === mark()) return;
      report.emit({ type: 'state', state: 'saving' });
      const began = performance.now();
      const { session, step } = at;
      const { values, tensors } = await callbacks.state();
      const { engine, provider } = session.choice;
      const where = { step, epoch: Math.floor(step / session.stepsPerEpoch) };
      await writeCheckpoint(join(folder, checkpointPath(step)), {
        ...where,
        settings,
        model: at.model,
        variables: await session.variables.read(),
        callbackTensors: tensors,
        progress: {
          epochsTold: at.epochsTold,
          epochsBegun: at.epochsBegun,
          tally: at.tally.state(),
          seconds: at.seconds,
          best: at.best,
          data: session.data.about,
          engine: { engine, provider },
          random: { generator: 'philox4x32-10', seed: settings.seed, step },
          callbacks: values,
        },
      });
      await removeOldCheckpoints(join(folder, checkpointFolder), keep, at.best?.step ?? null);
      const isNew = saved.step !== step;
      saved = { mark: mark(), step, when: performance.now(), took: secondsSince(began) };
      if (isNew) report.emit({ type: 'checkpoint', ...where });
    },
    due() {
      const passed = secondsSince(saved.when);
      const byTime = minutes !== null && passed >= Math.max(minutes * 60, saved.took / MOST_SHARE);
      return byTime || (steps !== null && at.step % steps === 0 && at.step !== saved.step);
    },
  };
}
