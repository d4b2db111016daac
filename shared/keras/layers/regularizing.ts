import { z } from 'zod';
import { defineLayer } from './layer.ts';

/** Sets a share `rate` of the inputs to 0 while training and scales the rest up by 1 / (1 - rate). */
export const dropout = defineLayer({
  className: 'Dropout',
  config: z.strictObject({
    rate: z.number().min(0).max(1),
    noise_shape: z.null().optional(),
    seed: z.int().nullish(),
  }),
  call({ ops, training, random }, [x], { rate }) {
    if (!training || rate === 0) return x!;
    const keep = ops.lessEqual(rate, random(x!, { kind: 'uniform', low: 0, high: 1 }));
    return ops.select(keep, ops.mul(x!, 1 / (1 - rate)), ops.mul(x!, 0));
  },
});
