import type { Ops, Value } from '../program/builder.ts';

type Activation = (ops: Ops, x: Value) => Value;

/** Keras 3's activations by name; formulas as in keras.activations, with their default arguments. */
export const activations = {
  linear: (_, x) => x,
  relu: (ops, x) => ops.relu(x),
  relu6: (ops, x) => ops.min(ops.relu(x), 6),
  leaky_relu: (ops, x) => ops.sub(ops.relu(x), ops.mul(ops.relu(ops.neg(x)), 0.2)),
  elu: (ops, x) => ops.add(ops.relu(x), negativeElu(ops, x)),
  celu: (ops, x) => ops.add(ops.relu(x), negativeElu(ops, x)),
  selu: (ops, x) =>
    ops.mul(ops.add(ops.relu(x), ops.mul(negativeElu(ops, x), SELU_ALPHA)), SELU_SCALE),
  exponential: (ops, x) => ops.exp(x),
  sigmoid: (ops, x) => ops.sigmoid(x),
  log_sigmoid: (ops, x) => ops.neg(ops.softplus(ops.neg(x))),
  hard_sigmoid,
  sparse_sigmoid: (ops, x) => ops.min(ops.max(ops.mul(ops.add(x, 1), 0.5), 0), 1),
  tanh: (ops, x) => ops.tanh(x),
  hard_tanh: (ops, x) => ops.min(ops.max(x, -1), 1),
  tanh_shrink: (ops, x) => ops.sub(x, ops.tanh(x)),
  hard_shrink: (ops, x) => ops.select(ops.less(0.5, ops.abs(x)), x, 0),
  soft_shrink: (ops, x) => ops.sub(ops.relu(ops.sub(x, 0.5)), ops.relu(ops.sub(ops.neg(x), 0.5))),
  silu,
  swish: silu,
  hard_silu,
  hard_swish: hard_silu,
  mish: (ops, x) => ops.mul(x, ops.tanh(ops.softplus(x))),
  gelu: (ops, x) => ops.mul(ops.mul(x, 0.5), ops.add(ops.erf(ops.mul(x, Math.SQRT1_2)), 1)),
  softplus: (ops, x) => ops.softplus(x),
  squareplus: (ops, x) => ops.mul(ops.add(x, ops.sqrt(ops.add(ops.square(x), 4))), 0.5),
  sparse_plus: (ops, x) => {
    const curve = ops.mul(ops.square(ops.add(x, 1)), 0.25);
    return ops.select(ops.lessEqual(x, -1), 0, ops.select(ops.less(x, 1), curve, x));
  },
  softsign: (ops, x) => ops.div(x, ops.add(ops.abs(x), 1)),
  softmax: (ops, x) => softmax(ops, x, [-1]),
  log_softmax: (ops, x) => {
    const shifted = ops.sub(x, ops.reduceMax(x, [-1], true));
    return ops.sub(shifted, ops.log(ops.reduceSum(ops.exp(shifted), [-1], true)));
  },
} satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;

const SELU_ALPHA = 1.6732632423543772;
const SELU_SCALE = 1.0507009873554805;

/** exp(x) - 1 below 0, and 0 above, where exp could overflow. */
function negativeElu(ops: Ops, x: Value): Value {
  return ops.expm1(ops.min(x, 0));
}

function silu(ops: Ops, x: Value): Value {
  return ops.mul(x, ops.sigmoid(x));
}

/** relu6(x + 3) / 6. */
function hard_sigmoid(ops: Ops, x: Value): Value {
  return ops.mul(ops.min(ops.relu(ops.add(x, 3)), 6), 1 / 6);
}

function hard_silu(ops: Ops, x: Value): Value {
  return ops.mul(x, hard_sigmoid(ops, x));
}

/** softmax over the axes, with the largest subtracted first so that exp can't overflow. */
export function softmax(ops: Ops, x: Value, axes: readonly number[]): Value {
  const exp = ops.exp(ops.sub(x, ops.reduceMax(x, axes, true)));
  return ops.div(exp, ops.reduceSum(exp, axes, true));
}
