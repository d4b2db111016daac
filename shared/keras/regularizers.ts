import { z } from 'zod';
import type { Ops, Value } from '../program/builder.ts';
import { kerasObject } from './keras-object.ts';
import type { JsonObject } from './spec.ts';

/** A scalar to add to the loss. */
export type Regularizer = (ops: Ops, x: Value) => Value;

const factor = z.number().nonnegative().default(0.01);

function norms(ops: Ops, x: Value, l1: number, l2: number): Value {
  const parts = [
    ...(l1 ? [ops.mul(ops.reduceSum(ops.abs(x)), l1)] : []),
    ...(l2 ? [ops.mul(ops.reduceSum(ops.square(x)), l2)] : []),
  ];
  return parts.reduce((a, b) => ops.add(a, b), ops.mul(ops.reduceSum(x), 0));
}

/** Rows (or columns) made unit length; the mean of the absolute cosines between different ones, times the factor. */
function orthogonal(ops: Ops, x: Value, share: number, mode: 'rows' | 'columns'): Value {
  if (x.shape.length !== 2)
    throw new RangeError('an orthogonal regularizer takes a tensor of 2 axes');
  const byRows = mode === 'rows';
  const length = ops.sqrt(ops.reduceSum(ops.square(x), [byRows ? 1 : 0], true));
  const unit = ops.div(x, ops.max(length, 1e-12));
  const products = ops.matMul(unit, unit, !byRows, byRows);
  const size = x.shape[byRows ? 0 : 1]!;
  const diagonal = ops.oneHot(
    ops.constant({
      shape: [size],
      dtype: 'int32',
      data: Int32Array.from({ length: size }, (_, i) => i),
    }),
    size,
  );
  const others = ops.mul(products, ops.sub(1, diagonal));
  return ops.mul(ops.reduceSum(ops.abs(others)), share / (size * (size - 1)));
}

/** Keras's regularizers by their names in snake case. Source: keras.src.regularizers.regularizers. */
const regularizers: Readonly<Record<string, (config: unknown) => Regularizer>> = {
  l1(config) {
    const { l1 } = z.strictObject({ l1: factor }).parse(config);
    return (ops, x) => norms(ops, x, l1, 0);
  },
  l2(config) {
    const { l2 } = z.strictObject({ l2: factor }).parse(config);
    return (ops, x) => norms(ops, x, 0, l2);
  },
  l1_l2(config) {
    const { l1, l2 } = z
      .strictObject({
        l1: z.number().nonnegative().default(0),
        l2: z.number().nonnegative().default(0),
      })
      .parse(config);
    return (ops, x) => norms(ops, x, l1, l2);
  },
  orthogonal_regularizer(config) {
    const { factor: share, mode } = z
      .strictObject({ factor, mode: z.enum(['rows', 'columns']).default('rows') })
      .parse(config);
    return (ops, x) => orthogonal(ops, x, share, mode);
  },
};

const aliases: Readonly<Record<string, string>> = {
  l1l2: 'l1_l2',
  orthogonal: 'orthogonal_regularizer',
};

/** The regularizer of a setting. Throws a RangeError that names an unknown one or a wrong key. */
export function regularizerOf(given: string | JsonObject): Regularizer {
  return kerasObject('regularizer', regularizers, aliases, given);
}
