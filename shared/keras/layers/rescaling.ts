import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { tensor } from '../../program/tensor.ts';
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

/** A nest of numbers flat, as Keras saves a mean. */
const statistics = z
  .json()
  .nullish()
  .transform((value) => {
    const flat = [value].flat(9 as 1);
    return value == null ? null : (flat as number[]).map(Number);
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
  config: z.strictObject({
    axis,
    mean: statistics,
    variance: statistics,
    invert: z.boolean().default(false),
  }),
  variables({ axis, mean }, [input]) {
    if (mean) return [];
    const shape = keptShape(input!, axis);
    return [
      { name: 'mean', shape, initializer: 'zeros', trainable: false },
      { name: 'variance', shape, initializer: 'ones', trainable: false },
      { name: 'count', shape: [], dtype: 'int32', initializer: 'zeros', trainable: false },
    ];
  },
  call(context, [x], { axis, mean, variance, invert }) {
    const { ops } = context;
    const rank = x!.shape.length;
    const kept = axis.map((one) => (one < 0 ? one + rank : one));
    const shape = x!.shape.map((dim, i) => (kept.includes(i) ? dim! : 1)) as number[];
    const shaped = (name: 'mean' | 'variance', given: number[] | null) => {
      if (!given) return ops.reshape(context.variable(name), shape);
      const size = shape.reduce((a, b) => a * b, 1);
      const all = given.length === 1 ? Array<number>(size).fill(given[0]!) : given;
      return ops.constant(tensor(all, shape));
    };
    const deviation = ops.max(ops.sqrt(shaped('variance', variance)), 1e-7);
    return invert
      ? ops.add(ops.mul(x!, deviation), shaped('mean', mean))
      : ops.div(ops.sub(x!, shaped('mean', mean)), deviation);
  },
});

function keptShape(input: readonly (number | null)[], axis: readonly number[]): number[] {
  return axis.map((one) => {
    const dim = input.at(one);
    if (dim == null) throw new RangeError(`axis ${one} of the input must be known`);
    return dim;
  });
}
