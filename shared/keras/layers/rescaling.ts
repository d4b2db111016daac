import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { normalizeAxes } from '../../program/shapes.ts';
import { sizeOf, tensor, type Shape, type TensorData } from '../../program/tensor.ts';
import { defineLayer, keepsMask } from './layer.ts';

const numbers = z.union([z.number(), z.array(z.number())]);

/** A number, or one for each of the last axis. */
function constant(ops: Ops, value: number | number[]): Value | number {
  return typeof value === 'number' ? value : ops.constant(tensor(value, [value.length]));
}

/** x * scale + offset. */
export const rescaling = defineLayer({
  className: 'Rescaling',
  mask: keepsMask,
  config: z.strictObject({
    scale: numbers,
    offset: numbers.default(0),
    data_format: z.unknown().optional(),
  }),
  call: ({ ops }, [x], { scale, offset }) =>
    ops.add(ops.mul(ops.cast(x!, 'float32'), constant(ops, scale)), constant(ops, offset)),
});

/** A number or a nest of numbers, as Keras saves a mean. */
const statistics = z
  .json()
  .nullish()
  .transform((value, context) => {
    if (value == null) return null;
    const shape: number[] = [];
    for (let part = value; Array.isArray(part); part = part[0]!) shape.push(part.length);
    const data = [value].flat(shape.length as 1) as unknown[];
    if (
      data.length > 0 &&
      data.length === sizeOf(shape) &&
      data.every((item) => typeof item === 'number')
    )
      return tensor(data, shape);
    context.addIssue('expected a number or a nest of numbers');
    return z.NEVER;
  });

const axis = z
  .union([z.int(), z.array(z.int()), z.null()])
  .default(-1)
  .transform((value) => (value === null ? [] : [value].flat()));

/**
 * (x - mean) / sqrt(variance) along the axes that are kept, or back again with `invert`. Mean and variance are
 * configuration here, or variables that `adapt` fills in.
 */
export const normalization = defineLayer({
  className: 'Normalization',
  mask: keepsMask,
  config: z
    .strictObject({
      axis,
      mean: statistics,
      variance: statistics,
      invert: z.boolean().default(false),
    })
    .refine(({ mean, variance }) => String(mean?.shape) === String(variance?.shape), {
      error: 'mean and variance must be given together, in the same shape',
    })
    .refine(({ mean, axis }) => !mean || mean.shape.length <= axis.length, {
      path: ['mean'],
      error: 'has more dimensions than there are axes',
    }),
  variables({ axis, mean }, [input]) {
    const kept = keptShape(input!, axis);
    if (mean) return [];
    return [
      { name: 'mean', shape: kept, initializer: 'zeros', trainable: false },
      { name: 'variance', shape: kept, initializer: 'ones', trainable: false },
      { name: 'count', shape: [], dtype: 'int32', initializer: 'zeros', trainable: false },
    ];
  },
  call(context, [x], { axis, mean, variance, invert }) {
    const { ops } = context;
    const kept = normalizeAxes(axis, x!.shape.length);
    const shaped = (value: Value) => {
      const first = kept.length - value.shape.length;
      const shape = x!.shape.map((_, i) => value.shape[kept.indexOf(i) - first] ?? 1);
      return ops.reshape(value, shape);
    };
    const along = (name: 'mean' | 'variance', given: TensorData | null) =>
      shaped(given ? ops.constant(given) : context.variable(name));
    const deviation = ops.max(ops.sqrt(along('variance', variance)), 1e-7);
    return invert
      ? ops.add(ops.mul(x!, deviation), along('mean', mean))
      : ops.div(ops.sub(x!, along('mean', mean)), deviation);
  },
});

/** The sizes of the axes that are kept, in their own order. */
function keptShape(input: Shape, axis: readonly number[]): number[] {
  return normalizeAxes(axis, input.length).map((one) => {
    const size = input[one];
    if (size == null) throw new RangeError(`axis ${one} of the input must be known`);
    return size;
  });
}
