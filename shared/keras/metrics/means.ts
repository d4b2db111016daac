import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { normalizeAxes } from '../../program/shapes.ts';
import { lossOf } from '../losses/catalogue.ts';
import { EPSILON } from '../losses/loss.ts';
import { alignRank } from '../losses/reduce.ts';
import type { JsonObject } from '../spec.ts';
import { asFloat, defineMetric, meanResult, meanSums, type MetricDefinition } from './metric.ts';

/** A metric that is the mean of a loss. `sign` is -1 where Keras's loss is the negative of its metric. */
function meanOfLoss(
  className: string,
  names: readonly [string, ...string[]],
  loss: string,
  keys: z.ZodRawShape = {},
  sign = 1,
): MetricDefinition {
  return defineMetric(
    className,
    names,
    keys,
    (ops, { yTrue, yPred, weight }, config) => {
      const { name: _, dtype: __, ...own } = config as Record<string, unknown>;
      const settings = { class_name: loss, config: own as JsonObject };
      const { values, mask } = lossOf(settings).compute(ops, yTrue, yPred);
      // Keras forgets the loss's own mask where there are no weights.
      const counted = mask && weight ? ops.mul(mask, alignRank(ops, weight, mask)) : weight;
      return meanSums(ops, sign === 1 ? values : ops.mul(values, sign), counted);
    },
    meanResult,
    true,
  );
}

const axis = { axis: z.int().optional() };
const logits = { from_logits: z.boolean().optional(), ...axis };
const smoothing = { label_smoothing: z.number().optional() };

/** Which class is largest, int32. Class numbers stay as they are. */
const classOf = (ops: Ops, x: Value) => (x.dtype === 'int32' ? x : ops.argMax(x));

/** Whether fewer than k classes score higher than the right one. */
function inTopK(ops: Ops, labels: Value, yPred: Value, k: number): Value {
  const right = ops.reduceSum(ops.mul(ops.oneHot(labels, yPred.shape.at(-1)!), yPred), [-1], true);
  const higher = ops.reduceSum(asFloat(ops, ops.less(right, yPred)), [-1]);
  return ops.less(higher, k);
}

const hits = (ops: Ops, hit: Value, weight?: Value) => meanSums(ops, asFloat(ops, hit), weight);

/** A metric that is the mean of how two tensors go together along some axes. */
function correlation(
  className: string,
  name: string,
  together: (ops: Ops, yTrue: Value, yPred: Value, axes: readonly number[]) => Value,
): MetricDefinition {
  return defineMetric(
    className,
    [name],
    { axis: z.union([z.int(), z.array(z.int())]).default(-1) },
    (ops, { yTrue, yPred, weight }, { axis }) => {
      const axes = normalizeAxes([axis].flat(), yPred.shape.length);
      return meanSums(ops, ops.reduceMean(together(ops, yTrue, yPred, axes), axes), weight);
    },
    meanResult,
    true,
  );
}

/** A tensor less its mean along axes, that mean, and the variance about it. */
function centred(ops: Ops, x: Value, axes: readonly number[]) {
  const mean = ops.reduceMean(x, axes, true);
  const rest = ops.sub(x, mean);
  const about = ops.sub(rest, ops.reduceMean(rest, axes, true));
  return { mean, rest, variance: ops.reduceMean(ops.square(about), axes, true) };
}

/** Keras's metrics that are means over samples. Source: keras.src.metrics. */
export const meanMetrics: readonly MetricDefinition[] = [
  meanOfLoss('MeanSquaredError', ['mean_squared_error', 'mse'], 'MeanSquaredError'),
  meanOfLoss('MeanAbsoluteError', ['mean_absolute_error', 'mae'], 'MeanAbsoluteError'),
  meanOfLoss(
    'MeanAbsolutePercentageError',
    ['mean_absolute_percentage_error', 'mape'],
    'MeanAbsolutePercentageError',
  ),
  meanOfLoss(
    'MeanSquaredLogarithmicError',
    ['mean_squared_logarithmic_error', 'msle'],
    'MeanSquaredLogarithmicError',
  ),
  meanOfLoss('LogCoshError', ['logcosh', 'log_cosh'], 'LogCosh'),
  meanOfLoss('CosineSimilarity', ['cosine_similarity'], 'CosineSimilarity', axis, -1),
  meanOfLoss('Poisson', ['poisson'], 'Poisson'),
  meanOfLoss('KLDivergence', ['kl_divergence', 'kld'], 'KLDivergence'),
  meanOfLoss('BinaryCrossentropy', ['binary_crossentropy', 'bce'], 'BinaryCrossentropy', {
    ...logits,
    ...smoothing,
  }),
  meanOfLoss(
    'CategoricalCrossentropy',
    ['categorical_crossentropy', 'cce'],
    'CategoricalCrossentropy',
    { ...logits, ...smoothing },
  ),
  meanOfLoss(
    'SparseCategoricalCrossentropy',
    ['sparse_categorical_crossentropy'],
    'SparseCategoricalCrossentropy',
    { ...logits, ignore_class: z.int().nullish() },
  ),
  meanOfLoss('Hinge', ['hinge'], 'Hinge'),
  meanOfLoss('SquaredHinge', ['squared_hinge'], 'SquaredHinge'),
  meanOfLoss('CategoricalHinge', ['categorical_hinge'], 'CategoricalHinge'),
  correlation('PearsonCorrelation', 'pearson_correlation', (ops, yTrue, yPred, axes) => {
    const [a, b] = [centred(ops, yTrue, axes), centred(ops, yPred, axes)];
    const unit = (x: typeof a) => ops.div(x.rest, ops.sqrt(x.variance));
    return ops.mul(unit(a), unit(b));
  }),
  // Keras's own covariance: both are taken about the mean of the predictions.
  correlation('ConcordanceCorrelation', 'concordance_correlation', (ops, yTrue, yPred, axes) => {
    const [a, b] = [centred(ops, yTrue, axes), centred(ops, yPred, axes)];
    const covariance = ops.mul(ops.sub(yTrue, b.mean), b.rest);
    const spread = ops.add(a.variance, b.variance);
    const norm = ops.add(spread, ops.square(ops.sub(a.mean, b.mean)));
    return ops.div(ops.mul(covariance, 2), ops.add(norm, EPSILON));
  }),
  defineMetric(
    'Accuracy',
    ['accuracy_score'],
    {},
    (ops, { yTrue, yPred, weight }) =>
      hits(ops, ops.equal(ops.cast(yTrue, 'float32'), yPred), weight),
    meanResult,
    true,
  ),
  defineMetric(
    'BinaryAccuracy',
    ['binary_accuracy'],
    { threshold: z.number().default(0.5) },
    (ops, { yTrue, yPred, weight }, { threshold }) => {
      const said = asFloat(ops, ops.less(threshold, yPred));
      return hits(ops, ops.equal(ops.cast(yTrue, 'float32'), said), weight);
    },
    meanResult,
    true,
  ),
  defineMetric(
    'CategoricalAccuracy',
    ['categorical_accuracy'],
    {},
    (ops, { yTrue, yPred, weight }) =>
      hits(ops, ops.equal(ops.argMax(yTrue), ops.argMax(yPred)), weight),
    meanResult,
    true,
  ),
  defineMetric(
    'SparseCategoricalAccuracy',
    ['sparse_categorical_accuracy'],
    {},
    (ops, { yTrue, yPred, weight }) =>
      hits(ops, ops.equal(ops.cast(yTrue, 'int32'), ops.argMax(yPred)), weight),
    meanResult,
    true,
  ),
  defineMetric(
    'TopKCategoricalAccuracy',
    ['top_k_categorical_accuracy'],
    { k: z.int().positive().default(5) },
    (ops, { yTrue, yPred, weight }, { k }) =>
      hits(ops, inTopK(ops, classOf(ops, yTrue), yPred, k), weight),
    meanResult,
    true,
  ),
  defineMetric(
    'SparseTopKCategoricalAccuracy',
    ['sparse_top_k_categorical_accuracy'],
    { k: z.int().positive().default(5), from_sorted_ids: z.literal(false).optional() },
    (ops, { yTrue, yPred, weight }, { k }) =>
      hits(ops, inTopK(ops, ops.cast(yTrue, 'int32'), yPred, k), weight),
    meanResult,
    true,
  ),
  defineMetric(
    'RootMeanSquaredError',
    ['root_mean_squared_error', 'rmse'],
    {},
    (ops, { yTrue, yPred, weight }) =>
      meanSums(ops, ops.reduceMean(ops.square(ops.sub(yPred, yTrue)), [-1]), weight),
    (totals) => Math.sqrt(meanResult(totals)),
  ),
];
