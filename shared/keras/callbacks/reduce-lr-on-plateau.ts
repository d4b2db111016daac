import { z } from 'zod';
import type { Callback } from './callback.ts';
import { monitored } from './early-stopping.ts';
import { createMonitor, fromPlain, isMissing, toPlain, type DirectionOf } from './monitor.ts';

export const reduceLROnPlateauConfig = z.strictObject({
  ...monitored,
  factor: z.number().nonnegative().lt(1).default(0.1),
  patience: z.int().nonnegative().default(10),
  min_delta: z.number().default(0.0001),
  cooldown: z.int().nonnegative().default(0),
  min_lr: z.number().nonnegative().default(0),
});

/**
 * Makes the learning rate smaller when a quantity no longer gets better. Rates are float32, as the optimizer's are.
 * Source: keras.src.callbacks.reduce_lr_on_plateau.ReduceLROnPlateau.
 */
export function reduceLROnPlateau(
  config: z.infer<typeof reduceLROnPlateauConfig>,
  directionOf: DirectionOf,
): Callback {
  const { monitor, patience, factor } = config;
  const judge = createMonitor('ReduceLROnPlateau', config, directionOf);
  let wait = 0;
  let cooldown = 0;
  let best: number | null = null;
  return {
    className: 'ReduceLROnPlateau',
    logsLearningRate: true,
    onEpochEnd({ logs, learningRate }) {
      const current = judge.valueIn(logs);
      if (current === null) return [{ action: 'warn', message: isMissing(monitor, logs) }];
      if (cooldown > 0) [cooldown, wait] = [cooldown - 1, 0];
      if (judge.improves(current, best)) {
        [best, wait] = [current, 0];
        return [];
      }
      if (cooldown > 0) return [];
      wait += 1;
      const from = Math.fround(learningRate);
      if (wait < patience || from <= Math.fround(config.min_lr)) return [];
      [cooldown, wait] = [config.cooldown, 0];
      const rate = Math.fround(Math.max(from * factor, config.min_lr));
      return [{ action: 'learning_rate', rate, from }];
    },
    state: () => ({ wait, cooldown, best: toPlain(best) }),
    restore(state) {
      wait = Number(state['wait']);
      cooldown = Number(state['cooldown']);
      best = fromPlain(state['best']);
    },
  };
}
