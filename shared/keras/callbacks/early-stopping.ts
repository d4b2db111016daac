import { z } from 'zod';
import type { Callback } from './callback.ts';
import { createMonitor, fromPlain, isMissing, toPlain, type DirectionOf } from './monitor.ts';

/** What monitoring callbacks take. */
export const monitored = {
  monitor: z.string().min(1).max(200).default('val_loss'),
  mode: z.enum(['auto', 'min', 'max']).default('auto'),
};

export const earlyStoppingConfig = z.strictObject({
  ...monitored,
  min_delta: z.number().default(0),
  patience: z.int().nonnegative().default(0),
  baseline: z.number().nullable().default(null),
  restore_best_weights: z.boolean().default(false),
  start_from_epoch: z.int().nonnegative().default(0),
});

/**
 * Ends the training when a quantity no longer gets better.
 * Source: keras.src.callbacks.early_stopping.EarlyStopping.
 */
export function earlyStopping(
  config: z.infer<typeof earlyStoppingConfig>,
  directionOf: DirectionOf,
): Callback {
  const { monitor, patience, baseline, restore_best_weights: restores } = config;
  const judge = createMonitor('EarlyStopping', config, directionOf);
  let wait = 0;
  let best: number | null = null;
  let bestEpoch = 0;
  return {
    className: 'EarlyStopping',
    onEpochEnd({ epoch, logs }) {
      const current = judge.valueIn(logs);
      if (current === null) return [{ action: 'warn', message: isMissing(monitor, logs) }];
      if (epoch < config.start_from_epoch) return [];
      wait += 1;
      if (judge.improves(current, best)) {
        [best, bestEpoch] = [current, epoch];
        if (baseline === null || judge.improves(current, baseline)) wait = 0;
        return restores ? [{ action: 'keep_weights' }] : [];
      }
      if (wait < patience || epoch === 0) return [];
      return [{ action: 'stop', monitor, best, bestEpoch }];
    },
    onTrainEnd: () => (restores && best !== null ? [{ action: 'restore_weights', bestEpoch }] : []),
    state: () => ({ wait, best: toPlain(best), bestEpoch }),
    restore(state) {
      wait = Number(state['wait']);
      best = fromPlain(state['best']);
      bestEpoch = Number(state['bestEpoch']);
    },
  };
}
