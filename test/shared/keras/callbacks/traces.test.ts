import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { CallbackAction } from '../../../../shared/keras/callbacks/callback.ts';
import { createCallback } from '../../../../shared/keras/callbacks/catalogue.ts';
import { callbackSettings } from '../../../../shared/keras/callbacks/settings.ts';
import { metricDirection } from '../../../../shared/keras/metrics/direction.ts';

interface Row {
  readonly wait?: number;
  readonly best: number | string | null;
  readonly best_epoch?: number;
  readonly cooldown?: number;
  readonly rate: number;
  readonly stop: boolean;
  readonly saved: readonly string[];
}

interface Case {
  readonly class_name: string;
  readonly config: { readonly monitor: string };
  readonly values: readonly (number | string)[];
  readonly rows: readonly Row[];
  /** What all weights are after the training, which sets them to the number of each epoch. */
  readonly weights: number;
}

const file = new URL('../../../goldens/callbacks/traces.json', import.meta.url);
const { cases, schedules } = JSON.parse(readFileSync(file, 'utf8')) as {
  cases: readonly Case[];
  schedules: readonly { schedule: unknown; rates: readonly number[] }[];
};

const directionOf = (name: string) =>
  metricDirection({ auc: 'AUC', accuracy: 'Accuracy' }[name] ?? 'Mean');

function create(setting: unknown) {
  const [parsed] = callbackSettings.parse([setting]);
  return createCallback(parsed!, directionOf)!;
}

/** The rows and the last weights that our callback gives, taken out of its state and put back after each epoch. */
function traced({ class_name, config, values }: Case): Pick<Case, 'rows' | 'weights'> {
  const rows: Row[] = [];
  let rate = Math.fround(0.01);
  let stop = false;
  let [weights, kept] = [-1, -1];
  const saved: string[] = [];
  let callback = create({ class_name, config });
  const act = (actions: readonly CallbackAction[]) => {
    for (const action of actions) {
      if (action.action === 'learning_rate') rate = action.rate;
      if (action.action === 'stop') stop = true;
      if (action.action === 'save') saved.push(action.file);
      if (action.action === 'keep_weights') kept = weights;
      if (action.action === 'restore_weights') weights = kept;
    }
  };
  for (const [epoch, value] of values.entries()) {
    weights = epoch;
    const logs = { [config.monitor]: Number(value) };
    act(callback.onEpochEnd!({ epoch, step: epoch + 1, logs, learningRate: rate }));
    const state = callback.state();
    const { wait, best, bestEpoch, cooldown } = state as Record<string, number>;
    rows.push({
      ...(wait !== undefined && { wait }),
      best: best!,
      ...(bestEpoch !== undefined && { best_epoch: bestEpoch }),
      ...(cooldown !== undefined && { cooldown }),
      rate,
      stop,
      saved: [...saved],
    });
    if (stop) break;
    callback = create({ class_name, config });
    callback.restore(JSON.parse(JSON.stringify(state)) as typeof state);
  }
  act(callback.onTrainEnd?.() ?? []);
  return { rows, weights };
}

describe('callbacks do what those of Keras 3.15 do', () => {
  for (const name of ['EarlyStopping', 'ReduceLROnPlateau', 'ModelCheckpoint'])
    test(name, () => {
      const own = cases.filter(({ class_name }) => class_name === name);
      expect(own.length).toBeGreaterThan(10);
      for (const golden of own) {
        const label = `${JSON.stringify(golden.config)} on ${golden.values.join(', ')}`;
        const { rows, weights } = golden;
        expect(traced(golden), label).toEqual({ rows, weights });
      }
    });

  test('LearningRateScheduler', () => {
    for (const { schedule, rates } of schedules) {
      const callback = create({ class_name: 'LearningRateScheduler', config: { schedule } });
      rates.forEach((expected, epoch) => {
        const [action] = callback.onEpochBegin!(epoch, 0.01);
        expect(action).toMatchObject({ action: 'learning_rate' });
        const { rate } = action as { rate: number };
        expect(Math.abs(rate - expected)).toBeLessThan(1e-6 * expected + 1e-8);
      });
    }
  });
});
