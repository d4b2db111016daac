import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { defineLayer, type CallContext, keepsMask } from './layer.ts';

/** What dropout multiplies `like` with while training: 0 for a share `rate`, else 1 / (1 - rate). */
export function dropped({ ops, random }: CallContext, like: Value, rate: number): Value {
  const keep = ops.lessEqual(rate, random(like, { kind: 'uniform', low: 0, high: 1 }));
  return ops.mul(ops.cast(keep, 'float32'), rate < 1 ? 1 / (1 - rate) : 0);
}

/** Sets a share `rate` of the inputs to 0 while training and scales the rest up by 1 / (1 - rate). */
export const dropout = defineLayer({
  className: 'Dropout',
  mask: keepsMask,
  config: z.strictObject({
    rate: z.number().min(0).max(1),
    noise_shape: z.null().optional(),
    seed: z.int().nullish(),
  }),
  call: (context, [x], { rate }) =>
    context.training && rate > 0 ? context.ops.mul(x!, dropped(context, x!, rate)) : x!,
});
