import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { axis, defineLoss, EPSILON, lastMean } from './loss.ts';

const difference = (ops: Ops, yTrue: Value, yPred: Value) => ops.sub(yPred, yTrue);

/** x over its Euclidean length, as keras.utils.normalize keeps it off a division by zero. */
function normalize(ops: Ops, x: Value, along: number): Value {
  const length = ops.sqrt(ops.reduceSum(ops.square(x), [along], true));
  return ops.div(x, ops.max(length, 1e-12));
}

/** log(max(x, epsilon) + 1). */
const logOf = (ops: Ops, x: Value) => ops.log(ops.add(ops.max(x, EPSILON), 1));

/** Keras's regression losses. Source: keras.src.losses.losses. */
export const regressionLosses = [
  defineLoss('MeanSquaredError', ['mean_squared_error', 'mse'], {}, (ops, yTrue, yPred) =>
    lastMean(ops, ops.square(difference(ops, yTrue, yPred))),
  ),
  defineLoss('MeanAbsoluteError', ['mean_absolute_error', 'mae'], {}, (ops, yTrue, yPred) =>
    lastMean(ops, ops.abs(difference(ops, yTrue, yPred))),
  ),
  defineLoss(
    'MeanAbsolutePercentageError',
    ['mean_absolute_percentage_error', 'mape'],
    {},
    (ops, yTrue, yPred) => {
      const scale = ops.max(ops.abs(yTrue), EPSILON);
      return ops.mul(lastMean(ops, ops.abs(ops.div(ops.sub(yTrue, yPred), scale))), 100);
    },
  ),
  defineLoss(
    'MeanSquaredLogarithmicError',
    ['mean_squared_logarithmic_error', 'msle'],
    {},
    (ops, yTrue, yPred) => lastMean(ops, ops.square(ops.sub(logOf(ops, yPred), logOf(ops, yTrue)))),
  ),
  defineLoss(
    'CosineSimilarity',
    ['cosine_similarity'],
    axis,
    (ops, yTrue, yPred, { axis: along }) => {
      const product = ops.mul(normalize(ops, yTrue, along), normalize(ops, yPred, along));
      return ops.neg(ops.reduceSum(product, [along]));
    },
  ),
  defineLoss(
    'Huber',
    ['huber', 'huber_loss'],
    { delta: z.number().positive().default(1) },
    (ops, yTrue, yPred, { delta }) => {
      const error = ops.abs(difference(ops, yTrue, yPred));
      const near = ops.mul(ops.square(error), 0.5);
      const far = ops.sub(ops.mul(error, delta), 0.5 * delta * delta);
      return lastMean(ops, ops.select(ops.lessEqual(error, delta), near, far));
    },
  ),
  defineLoss('LogCosh', ['log_cosh', 'logcosh'], {}, (ops, yTrue, yPred) => {
    const x = difference(ops, yTrue, yPred);
    return lastMean(ops, ops.sub(ops.add(x, ops.softplus(ops.mul(x, -2))), Math.LN2));
  }),
];
