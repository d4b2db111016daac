import { z } from 'zod';
import { learningRateOf } from '../schedules.ts';
import type { Json } from '../spec.ts';
import type { Callback } from './callback.ts';

export const learningRateSchedulerConfig = z.strictObject({
  /** A schedule of Keras, by epochs in place of updates. */
  schedule: z.json() as unknown as z.ZodType<Json>,
});

/**
 * Sets the learning rate of each epoch, counted from 0, from a schedule of Keras.
 * Source: keras.src.callbacks.learning_rate_scheduler.LearningRateScheduler.
 */
export function learningRateScheduler({
  schedule,
}: z.infer<typeof learningRateSchedulerConfig>): Callback {
  const rateAt = learningRateOf(schedule);
  return {
    className: 'LearningRateScheduler',
    logsLearningRate: true,
    onEpochBegin: (epoch, from) => [
      { action: 'learning_rate', rate: Math.fround(rateAt(epoch)), from },
    ],
    state: () => ({}),
    restore() {},
  };
}
