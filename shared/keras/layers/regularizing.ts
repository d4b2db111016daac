import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { formatShape } from '../../program/tensor.ts';
import { defineLayer, type CallContext, keepsMask } from './layer.ts';

/** Along which axes one draw counts for all: a size of 1 there, else null or the size of the input. */
export const noiseShape = z.array(z.int().positive().nullable()).nullish();

/** Which elements of x dropout keeps, as bool that broadcasts to x. Throws a RangeError where the noise does not fit. */
export function kept(
  { ops, random }: CallContext,
  x: Value,
  rate: number,
  noise?: z.infer<typeof noiseShape>,
): Value {
  const fits = (noise ?? x.shape).every((dim, axis) => {
    const size = x.shape[axis];
    return dim === null || dim === 1 || size == null || dim === size;
  });
  if (!fits || (noise && noise.length !== x.shape.length))
    throw new RangeError(`noise of shape ${formatShape(noise!)} for ${formatShape(x.shape)}`);
  const like = noise?.includes(1)
    ? ops.slice(
        x,
        x.shape.map(() => 0),
        x.shape.map((dim, axis) => (noise[axis] === 1 ? 1 : dim)),
      )
    : x;
  return ops.lessEqual(rate, random(like, { kind: 'uniform', low: 0, high: 1 }));
}

/** What dropout multiplies x with while training: 0 for a share `rate`, else 1 / (1 - rate). */
export function dropped(
  context: CallContext,
  x: Value,
  rate: number,
  noise?: z.infer<typeof noiseShape>,
): Value {
  const { ops } = context;
  const keep = kept(context, x, rate, noise);
  return ops.mul(ops.cast(keep, 'float32'), rate < 1 ? 1 / (1 - rate) : 0);
}

/** Sets a share `rate` of the inputs to 0 while training and scales the rest up by 1 / (1 - rate). */
export const dropout = defineLayer({
  className: 'Dropout',
  mask: keepsMask,
  config: z.strictObject({
    rate: z.number().min(0).max(1),
    noise_shape: noiseShape,
    seed: z.int().nullish(),
  }),
  call: (context, [x], { rate, noise_shape }) =>
    context.training && rate > 0
      ? context.ops.mul(x!, dropped(context, x!, rate, noise_shape))
      : x!,
});
