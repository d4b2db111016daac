import type { Ops, Value } from '../program/builder.ts';

type Activation = (ops: Ops, x: Value) => Value;

/** Keras 3's activations by name; formulas as in keras.activations. */
export const activations = {
  linear: (_, x) => x,
  relu: (ops, x) => ops.relu(x),
  sigmoid: (ops, x) => ops.sigmoid(x),
  tanh: (ops, x) => ops.tanh(x),
  softmax: (ops, x) => softmax(ops, x, [-1]),
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;

/** softmax over the axes, with the largest subtracted first so that exp can't overflow. */
export function softmax(ops: Ops, x: Value, axes: readonly number[]): Value {
  const exp = ops.exp(ops.sub(x, ops.reduceMax(x, axes, true)));
  return ops.div(exp, ops.reduceSum(exp, axes, true));
}
