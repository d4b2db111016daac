import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { compatible, formatShape, type Shape } from '../../program/tensor.ts';
import { initializer, optionalObject, units } from './config.ts';
import { defineLayer, type CallContext } from './layer.ts';

/** A row of the table for each whole number. */
export const embedding = defineLayer({
  className: 'Embedding',
  anyType: true,
  config: z.strictObject({
    input_dim: units,
    output_dim: units,
    embeddings_initializer: initializer('random_uniform'),
    embeddings_regularizer: optionalObject,
    embeddings_constraint: optionalObject,
    mask_zero: z.boolean().default(false),
    weights: z.null().optional(),
  }),
  variables: (config) => [
    {
      name: 'embeddings',
      shape: [config.input_dim, config.output_dim],
      initializer: config.embeddings_initializer,
      regularizer: config.embeddings_regularizer,
      constraint: config.embeddings_constraint,
    },
  ],
  call: ({ ops, variable }, [x]) => ops.gather(variable('embeddings'), ops.cast(x!, 'int32')),
  mask: ({ ops }, [x], { mask_zero }) => (mask_zero ? [ops.not(ops.equal(x!, 0))] : []),
});

/** Steps at which no feature differs from the mask value become 0 and do not count. */
export const masking = defineLayer({
  className: 'Masking',
  config: z.strictObject({ mask_value: z.number().default(0) }),
  call: ({ ops }, [x], { mask_value }) => ops.select(differs(ops, x!, mask_value, true), x!, 0),
  mask: ({ ops }, [x], { mask_value }) => [differs(ops, x!, mask_value, false)],
});

/** Where any element along the last axis is not the value. */
function differs(ops: Ops, x: Value, value: number, keepDims: boolean): Value {
  return any(ops, ops.not(ops.equal(x, value)), [-1], keepDims);
}

/** Whether any element of a bool tensor along the axes is true. */
export function any(ops: Ops, x: Value, axes?: readonly number[], keepDims = false): Value {
  return ops.less(0, ops.reduceMax(ops.cast(x, 'float32'), axes, keepDims));
}

/**
 * The mask of the first input as bool with a last axis of size 1, or null. Throws a RangeError when its axes are not
 * those of the input without the last.
 */
export function stepMask({ ops, masks }: CallContext, x: Value): Value | null {
  const [mask] = masks;
  if (!mask) return null;
  const expected = x.shape.slice(0, -1);
  if (!compatible(mask.shape, expected))
    throw new RangeError(
      `a mask of ${formatShape(expected)} is expected; got ${formatShape(mask.shape)}`,
    );
  if (expected.filter((dim) => dim === null).length > 1)
    return ops.expandLike(ops.cast(unknownLength(ops, [1]), 'bool'), x);
  return ops.cast(ops.reshape(mask, [...expected, 1]), 'bool');
}

/**
 * Stands for a result that can't be computed before the length of the sequences is known, with its shape. A program
 * with it has all shapes, and refuses to run for want of this feed.
 */
export function unknownLength(ops: Ops, shape: Shape): Value {
  return ops.feed('sequences of known length', shape);
}
