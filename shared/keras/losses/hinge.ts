import type { Ops, Value } from '../../program/builder.ts';
import { defineLoss, lastMean } from './loss.ts';

/** Labels of 0 and 1 become -1 and 1; others stay. */
function signed(ops: Ops, yTrue: Value): Value {
  const binary = ops.or(ops.equal(yTrue, 0), ops.equal(yTrue, 1));
  const all = ops.equal(ops.reduceMin(ops.cast(binary, 'float32')), 1);
  return ops.select(all, ops.sub(ops.mul(yTrue, 2), 1), yTrue);
}

const margin = (ops: Ops, yTrue: Value, yPred: Value) =>
  ops.relu(ops.sub(1, ops.mul(signed(ops, yTrue), yPred)));

/** Keras's hinge losses for maximum-margin classification. Source: keras.src.losses.losses. */
export const hingeLosses = [
  defineLoss('Hinge', ['hinge'], {}, (ops, yTrue, yPred) =>
    lastMean(ops, margin(ops, yTrue, yPred)),
  ),
  defineLoss('SquaredHinge', ['squared_hinge'], {}, (ops, yTrue, yPred) =>
    lastMean(ops, ops.square(margin(ops, yTrue, yPred))),
  ),
  defineLoss('CategoricalHinge', ['categorical_hinge'], {}, (ops, yTrue, yPred) => {
    const right = ops.reduceSum(ops.mul(yTrue, yPred), [-1]);
    const wrong = ops.reduceMax(ops.mul(ops.sub(1, yTrue), yPred), [-1]);
    return ops.relu(ops.add(ops.sub(wrong, right), 1));
  }),
];
