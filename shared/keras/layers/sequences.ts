import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { formatShape, type Shape } from '../../program/tensor.ts';
import { initializer, optionalObject, units } from './config.ts';
import { defineLayer, type CallContext } from './layer.ts';

/** A row of the table for each whole number. */
export const embedding = defineLayer({
  className: 'Embedding',
  config: z.strictObject({
    input_dim: units,
    output_dim: units,
    embeddings_initializer: initializer('random_uniform'),
    embeddings_regularizer: optionalObject,
    embeddings_constraint: optionalObject,
    activity_regularizer: z.null().optional(),
    mask_zero: z.boolean().default(false),
    weights: z.null().optional(),
    lora_rank: z.null().optional(),
    lora_alpha: z.null().optional(),
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
});

/** Keras's `!=`, which makes the mask of an Embedding with `mask_zero`. The second operand may be a number. */
export const notEqual = defineLayer({
  className: 'NotEqual',
  operation: 'keras.src.ops.numpy',
  config: z.strictObject({}),
  call({ ops, kwargs }, [x, y]) {
    const other = y ?? kwargs['x2'] ?? kwargs['x1'];
    const operand = typeof other === 'boolean' ? Number(other) : other;
    if (typeof operand !== 'number' && !(operand && typeof operand === 'object'))
      throw new RangeError('takes two operands');
    return ops.not(ops.equal(x!, operand as Value | number));
  },
});

/** The `mask` of a call as bool [batch, steps, 1], or null. Throws a RangeError when it does not fit the sequences. */
export function maskOf({ ops, kwargs }: CallContext, sequences: Value): Value | null {
  const mask = kwargs['mask'] as Value | null | undefined;
  if (!mask) return null;
  const [batch, steps] = sequences.shape;
  if (mask.shape.length !== 2)
    throw new RangeError(`a mask is (batch, steps); got ${formatShape(mask.shape)}`);
  if (steps == null) return ops.expandLike(ops.cast(unknownLength(ops, [1]), 'bool'), sequences);
  return ops.cast(ops.reshape(mask, [batch!, steps, 1]), 'bool');
}

/**
 * Stands for a result that can't be computed before the length of the sequences is known, with its shape. A program
 * with it has all shapes, and refuses to run for want of this feed.
 */
export function unknownLength(ops: Ops, shape: Shape): Value {
  return ops.feed('sequences of known length', shape);
}
