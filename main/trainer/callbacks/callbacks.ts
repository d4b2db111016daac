import type { RunEventBody } from '../../../shared/api/events.ts';
import type { CallbackAction } from '../../../shared/keras/callbacks/callback.ts';
import { checkLearningRate } from '../../../shared/keras/callbacks/catalogue.ts';
import { metricDirection } from '../../../shared/keras/metrics/direction.ts';
import type { JsonObject } from '../../../shared/keras/spec.ts';
import type { Logs } from '../../../shared/program/tally.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import type { TrainJob } from '../contract.ts';
import type { Session } from '../session.ts';
import { openCallback, type OpenCallback } from './open.ts';
import { bestKey, bestWeights, isModelWeight } from './weights.ts';

/** What the callbacks remember: goes into each checkpoint, and back in when the training resumes. */
export interface CallbacksState {
  /** Plain JSON. */
  readonly values: JsonObject;
  /** Weights that a callback keeps, as `callbacks/<index>/<variable>`. */
  readonly tensors: NamedTensors;
}

/** The callbacks of a training, asked by the loop. Epochs count from 1 here. */
export interface TrainingCallbacks {
  /** The learning rate of the next update: what a callback has set, else that of the optimizer, `scheduled`. */
  learningRate(scheduled: number): number;
  /** Before the first step of an epoch; not again when a training resumes inside of it. */
  epochBegin(epoch: number, scheduled: number): Promise<void>;
  /** After update number `step`, `batch` of its epoch counted from 0. `logs` gives the means of the epoch so far. */
  batchEnd(at: { step: number; epoch: number; batch: number }, logs: () => Logs): Promise<void>;
  /** After the validation of an epoch; `logs` are flat, by Keras's names: `loss`, `val_loss`, `accuracy`. */
  epochEnd(at: { step: number; epoch: number }, logs: Logs, scheduled: number): Promise<void>;
  /** Whether a callback wants the training to end after this epoch. */
  readonly stopping: boolean;
  /**
   * Once, when the training has ended by itself, not when a person stopped it: then it may go on. True when the weights
   * are no longer those of the last step.
   */
  trainEnd(at: { step: number; epoch: number }): Promise<boolean>;
  /** What to keep in a checkpoint of now. Files that callbacks write are on the disk then. */
  state(): Promise<CallbacksState>;
  /** Closes files. */
  close(): Promise<void>;
}

/** What the callbacks work with. */
export interface CallbackWork {
  readonly job: TrainJob;
  /** As it is now: a frozen part makes it another one. */
  readonly session: () => Session;
  readonly emit: (event: RunEventBody) => void;
}

/**
 * The callbacks of a training's settings; with `restored`, as they were when a checkpoint was written. Throws a
 * SpecError that names the callback which can't do what its settings ask.
 */
export async function createCallbacks(
  work: CallbackWork,
  restored: CallbacksState | null = null,
): Promise<TrainingCallbacks> {
  const { settings } = work.job;
  checkLearningRate(settings.callbacks, settings.optimizer);
  const { metrics } = work.session().compiled;
  const directionOf = (name: string) => {
    const found = metrics.find((metric) => metric.name === name);
    return found && metricDirection(found.metric.className);
  };
  const opened: OpenCallback[] = [];
  for (const [i, setting] of settings.callbacks.entries())
    opened.push(await openCallback(setting, work, directionOf, stateOf(restored, i)));

  const best = new Map<number, NamedTensors>();
  settings.callbacks.forEach((_, i) => {
    const kept = restored && bestWeights(restored.tensors, i);
    if (kept) best.set(i, kept);
  });
  let rate = typeof restored?.values['rate'] === 'number' ? restored.values['rate'] : null;
  let stopping = restored?.values['stopping'] === true;
  const warned = new Set<string>();

  /** Does what a callback asks, and tells it. True when the weights were changed. */
  async function act(
    i: number,
    at: { step: number; epoch: number },
    actions: readonly CallbackAction[],
  ): Promise<boolean> {
    const callback = settings.callbacks[i]!.class_name;
    let changed = false;
    for (const action of actions) {
      const { variables } = work.session();
      if (action.action === 'keep_weights') best.set(i, onlyWeights(await variables.read()));
      if (action.action === 'restore_weights' && best.has(i)) {
        await variables.write(best.get(i)!);
        changed = true;
      }
      if (action.action === 'learning_rate') rate = action.rate;
      if (action.action === 'stop') stopping = true;
      if (action.action === 'save') await opened[i]!.save!(action.file, at);
      if (action.action !== 'keep_weights' && isNews(action, warned, callback))
        work.emit({ type: 'callback', callback, ...at, ...action });
    }
    return changed;
  }

  return {
    learningRate: (scheduled) => rate ?? scheduled,
    async epochBegin(epoch, scheduled) {
      for (const [i, { logic }] of opened.entries()) {
        const actions = logic?.onEpochBegin?.(epoch - 1, rate ?? scheduled) ?? [];
        await act(i, { step: (epoch - 1) * work.session().stepsPerEpoch, epoch }, actions);
      }
    },
    async batchEnd({ batch, ...at }, logs) {
      for (const [i, { logic, writer }] of opened.entries()) {
        await act(i, at, logic?.onBatchEnd?.(batch, at.epoch - 1, logs) ?? []);
        await writer?.batchEnd?.(at, logs);
      }
    },
    async epochEnd(at, given, scheduled) {
      const logs = { ...given };
      for (const [i, { logic, writer }] of opened.entries()) {
        const learningRate = rate ?? scheduled;
        if (logic?.logsLearningRate) logs['learning_rate'] = Math.fround(learningRate);
        const end = { epoch: at.epoch - 1, step: at.step, logs, learningRate };
        await act(i, at, logic?.onEpochEnd?.(end) ?? []);
        await writer?.epochEnd?.(end);
      }
    },
    get stopping() {
      return stopping;
    },
    async trainEnd(at) {
      let changed = false;
      for (const [i, { logic }] of opened.entries())
        changed = (await act(i, at, logic?.onTrainEnd?.() ?? [])) || changed;
      return changed;
    },
    async state() {
      const values: Record<string, JsonObject[string]> = { rate, stopping };
      const tensors: Record<string, NamedTensors[string]> = {};
      for (const [i, { logic, writer }] of opened.entries()) {
        values[i] = { ...logic?.state(), ...(await writer?.state()) };
        for (const [key, tensor] of Object.entries(best.get(i) ?? {}))
          tensors[bestKey(i, key)] = tensor;
      }
      return { values, tensors };
    },
    async close() {
      for (const { writer } of opened) await writer?.close();
    },
  };
}

function stateOf(restored: CallbacksState | null, i: number): JsonObject | null {
  return (restored?.values[i] as JsonObject | undefined) ?? null;
}

function onlyWeights(variables: NamedTensors): NamedTensors {
  return Object.fromEntries(Object.entries(variables).filter(([key]) => isModelWeight(key)));
}

/** A warning is told once. */
function isNews(action: CallbackAction, warned: Set<string>, callback: string): boolean {
  if (action.action !== 'warn') return true;
  const text = `${callback}: ${action.message}`;
  if (warned.has(text)) return false;
  warned.add(text);
  return true;
}
