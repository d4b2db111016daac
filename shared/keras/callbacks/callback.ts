import type { BadPlace } from '../../program/finite-check.ts';
import type { Logs } from '../../program/tally.ts';
import type { JsonObject } from '../spec.ts';

/** Where a training is at the end of an epoch. */
export interface EpochEnd {
  /** Counts from 0, as Keras counts. */
  readonly epoch: number;
  /** Optimizer updates done. */
  readonly step: number;
  /** Losses and metrics by Keras's names, those of the validation with `val_`. */
  readonly logs: Logs;
  /** That of the epoch's last update. */
  readonly learningRate: number;
}

/** What a callback makes the training do. Epochs count from 0. */
export type CallbackAction =
  /** The training ends after this epoch. */
  | {
      readonly action: 'stop';
      readonly monitor: string;
      readonly best: number | null;
      readonly bestEpoch: number;
    }
  /** The next updates take this learning rate. */
  | { readonly action: 'learning_rate'; readonly rate: number; readonly from: number }
  /** The weights of now are the callback's best: it may want them back. */
  | { readonly action: 'keep_weights' }
  /** The model gets the weights back that were kept at the end of that epoch. */
  | { readonly action: 'restore_weights'; readonly bestEpoch: number }
  /** The model is saved under this name, below the run's folder. */
  | { readonly action: 'save'; readonly file: string }
  /** The training ends now: values at a layer's path were the first that are no numbers. */
  | ({ readonly action: 'terminate' } & BadPlace)
  /** The callback can't do its work, and the training goes on. */
  | { readonly action: 'warn'; readonly message: string };

/**
 * A callback of Keras as pure logic: it is told what happens, and says what is to be done. What it remembers is plain
 * data, so that a training which resumes from a checkpoint goes on as if it had never stopped.
 */
export interface Callback {
  readonly className: string;
  /** Whether it writes `learning_rate` into the logs, for the callbacks after it. */
  readonly logsLearningRate?: boolean;
  /** The rate is that of the update before. */
  onEpochBegin?(epoch: number, learningRate: number): readonly CallbackAction[];
  /** After an update; `batch` counts from 0 in its epoch, `logs` gives the means of the epoch so far. */
  onBatchEnd?(batch: number, epoch: number, logs: () => Logs): readonly CallbackAction[];
  onEpochEnd?(end: EpochEnd): readonly CallbackAction[];
  /** When the training has ended by itself. */
  onTrainEnd?(): readonly CallbackAction[];
  /** What it remembers; JSON keeps it, numbers that JSON lacks as texts. */
  state(): JsonObject;
  /** Goes on from what `state` gave. */
  restore(state: JsonObject): void;
}
