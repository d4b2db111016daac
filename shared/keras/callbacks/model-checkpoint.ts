import { z } from 'zod';
import type { Logs } from '../../program/tally.ts';
import { SpecError } from '../spec.ts';
import type { Callback, CallbackAction } from './callback.ts';
import { monitored } from './early-stopping.ts';
import { formatPath } from './format-path.ts';
import { createMonitor, fromPlain, isMissing, toPlain, type DirectionOf } from './monitor.ts';

export const modelCheckpointConfig = z.strictObject({
  /** May hold `{epoch:02d}`, `{batch}` and names of logs, `{val_loss:.4f}`. */
  filepath: z.string().min(1).max(500).default('models/{epoch:02d}.safetensors'),
  ...monitored,
  save_best_only: z.boolean().default(false),
  save_freq: z.union([z.literal('epoch'), z.int().positive()]).default('epoch'),
  initial_value_threshold: z.number().nullable().default(null),
});

/**
 * Saves the model at every epoch's end, or after so many batches; with `save_best_only` where the monitored quantity
 * got better. Source: keras.src.callbacks.model_checkpoint.ModelCheckpoint.
 */
export function modelCheckpoint(
  config: z.infer<typeof modelCheckpointConfig>,
  directionOf: DirectionOf,
): Callback {
  const { filepath, monitor, save_best_only: bestOnly, save_freq: every } = config;
  if (!filepath.endsWith('.safetensors'))
    throw new SpecError(
      'callbacks/ModelCheckpoint',
      `filepath must end in .safetensors; got ${filepath}`,
    );
  const judge = bestOnly ? createMonitor('ModelCheckpoint', config, directionOf) : null;
  let best = config.initial_value_threshold;
  let seen = 0;

  function save(logs: Logs, place: Record<string, number>): CallbackAction[] {
    const file = formatPath(filepath, { ...place, ...logs });
    const saving: CallbackAction = { action: 'save', file };
    if (!judge) return [saving];
    const current = judge.valueIn(logs);
    if (current === null) return [{ action: 'warn', message: isMissing(monitor, logs) }, saving];
    if (!judge.improves(current, best)) return [];
    best = current;
    return [saving];
  }

  return {
    className: 'ModelCheckpoint',
    onBatchEnd(batch, epoch, logs) {
      if (every === 'epoch') return [];
      seen += 1;
      if (seen < every) return [];
      seen = 0;
      return save(logs(), { epoch: epoch + 1, batch: batch + 1 });
    },
    onEpochEnd: ({ epoch, logs }) => (every === 'epoch' ? save(logs, { epoch: epoch + 1 }) : []),
    state: () => ({ best: toPlain(best), seen }),
    restore(state) {
      best = fromPlain(state['best']);
      seen = Number(state['seen']);
    },
  };
}
