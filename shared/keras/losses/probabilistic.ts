import { z } from 'zod';
import { softmax } from '../activations.ts';
import type { Ops, Value } from '../../program/builder.ts';
import { axis, clip, defineLoss, EPSILON, lastMean } from './loss.ts';

const fromLogits = { from_logits: z.boolean().default(false), ...axis };
const smoothing = { label_smoothing: z.number().min(0).max(1).default(0) };

/** log(softmax(x)) without overflow. */
export function logSoftmax(ops: Ops, x: Value, along: number): Value {
  const shifted = ops.sub(x, ops.reduceMax(x, [along], true));
  return ops.sub(shifted, ops.log(ops.reduceSum(ops.exp(shifted), [along], true)));
}

/** Logarithms of class probabilities: of logits, or of values that are normalised and kept off 0 and 1. */
function logProbabilities(ops: Ops, yPred: Value, logits: boolean, along: number): Value {
  if (logits) return logSoftmax(ops, yPred, along);
  const normal = ops.div(yPred, ops.reduceSum(yPred, [along], true));
  return ops.log(clip(ops, normal, EPSILON, 1 - EPSILON));
}

/** Binary crossentropy of each element. */
function binary(ops: Ops, yTrue: Value, yPred: Value, logits: boolean): Value {
  if (logits) {
    const rest = ops.softplus(ops.neg(ops.abs(yPred)));
    return ops.add(ops.sub(ops.relu(yPred), ops.mul(yPred, yTrue)), rest);
  }
  const p = clip(ops, yPred, EPSILON, 1 - EPSILON);
  const positive = ops.mul(yTrue, ops.log(p));
  const negative = ops.mul(ops.sub(1, yTrue), ops.log(ops.sub(1, p)));
  return ops.neg(ops.add(positive, negative));
}

/** Labels drawn towards an even spread over `classes`. */
const smoothed = (ops: Ops, yTrue: Value, share: number, classes: number) =>
  share === 0 ? yTrue : ops.add(ops.mul(yTrue, 1 - share), share / classes);

/** a or b by a 0/1 weight: t * a + (1 - t) * b. */
const mixed = (ops: Ops, t: Value, a: Value | number, b: Value | number) =>
  ops.add(ops.mul(t, a), ops.mul(ops.sub(1, t), b));

/** Keras's probabilistic losses, and Dice and Tversky over the whole batch. Source: keras.src.losses.losses. */
export const probabilisticLosses = [
  defineLoss(
    'BinaryCrossentropy',
    ['binary_crossentropy', 'bce'],
    { ...fromLogits, ...smoothing },
    (ops, yTrue, yPred, { from_logits, label_smoothing, axis: along }) =>
      ops.reduceMean(binary(ops, smoothed(ops, yTrue, label_smoothing, 2), yPred, from_logits), [
        along,
      ]),
  ),
  defineLoss(
    'BinaryFocalCrossentropy',
    ['binary_focal_crossentropy'],
    {
      ...fromLogits,
      ...smoothing,
      apply_class_balancing: z.boolean().default(false),
      alpha: z.number().default(0.25),
      gamma: z.number().default(2),
    },
    (ops, yTrue, yPred, { axis: along, alpha, gamma, ...config }) => {
      const t = smoothed(ops, yTrue, config.label_smoothing, 2);
      const p = config.from_logits ? ops.sigmoid(yPred) : yPred;
      const likelihood = mixed(ops, t, p, ops.sub(1, p));
      const focus = ops.pow(ops.sub(1, likelihood), gamma);
      const focal = ops.mul(focus, binary(ops, t, p, false));
      const weighted = config.apply_class_balancing
        ? ops.mul(mixed(ops, t, alpha, 1 - alpha), focal)
        : focal;
      return ops.reduceMean(weighted, [along]);
    },
  ),
  defineLoss(
    'CategoricalCrossentropy',
    ['categorical_crossentropy', 'cce'],
    { ...fromLogits, ...smoothing },
    (ops, yTrue, yPred, { from_logits, label_smoothing, axis: along }) => {
      const t = smoothed(ops, yTrue, label_smoothing, yPred.shape.at(along)!);
      const log = logProbabilities(ops, yPred, from_logits, along);
      return ops.neg(ops.reduceSum(ops.mul(t, log), [along]));
    },
  ),
  defineLoss(
    'CategoricalFocalCrossentropy',
    ['categorical_focal_crossentropy'],
    {
      ...fromLogits,
      ...smoothing,
      alpha: z.number().default(0.25),
      gamma: z.number().default(2),
    },
    (ops, yTrue, yPred, { axis: along, alpha, gamma, ...config }) => {
      const t = smoothed(ops, yTrue, config.label_smoothing, yPred.shape.at(along)!);
      const given = config.from_logits ? softmax(ops, yPred, [along]) : yPred;
      const normal = ops.div(given, ops.reduceSum(given, [along], true));
      const p = clip(ops, normal, EPSILON, 1 - EPSILON);
      const focus = ops.mul(ops.pow(ops.sub(1, p), gamma), alpha);
      return ops.neg(ops.reduceSum(ops.mul(focus, ops.mul(t, ops.log(p))), [along]));
    },
  ),
  defineLoss(
    'SparseCategoricalCrossentropy',
    ['sparse_categorical_crossentropy'],
    { ...fromLogits, ignore_class: z.int().nullish() },
    (ops, yTrue, yPred, { from_logits, ignore_class, axis: along }) => {
      if (along !== -1 && along !== yPred.shape.length - 1)
        throw new RangeError(`axis must be the last one; got ${along}`);
      const hot = ops.oneHot(yTrue, yPred.shape.at(-1)!);
      const log = logProbabilities(ops, yPred, from_logits, -1);
      const values = ops.neg(ops.reduceSum(ops.mul(hot, log), [-1]));
      if (ignore_class == null) return values;
      const mask = ops.cast(ops.not(ops.equal(yTrue, ignore_class)), 'float32');
      return { values: ops.mul(values, mask), mask };
    },
    true,
  ),
  defineLoss(
    'CategoricalGeneralizedCrossEntropy',
    ['categorical_generalized_cross_entropy'],
    { q: z.number().gt(0).lt(1) },
    (ops, yTrue, yPred, { q }) => {
      const hot = ops.oneHot(yTrue, yPred.shape.at(-1)!);
      const p = ops.reduceSum(ops.mul(hot, yPred), [-1]);
      return ops.div(ops.sub(1, ops.pow(p, q)), q);
    },
    true,
  ),
  defineLoss(
    'KLDivergence',
    ['kl_divergence', 'kld', 'kullback_leibler_divergence'],
    {},
    (ops, yTrue, yPred) => {
      const t = clip(ops, yTrue, EPSILON, 1);
      const p = clip(ops, yPred, EPSILON, 1);
      return ops.reduceSum(ops.mul(t, ops.log(ops.div(t, p))), [-1]);
    },
  ),
  defineLoss('Poisson', ['poisson'], {}, (ops, yTrue, yPred) =>
    lastMean(ops, ops.sub(yPred, ops.mul(yTrue, ops.log(ops.add(yPred, EPSILON))))),
  ),
  defineLoss('Dice', ['dice'], axes(), (ops, yTrue, yPred, { axis: along }) => {
    const sum = (x: Value) => ops.reduceSum(x, along ?? undefined);
    const both = ops.mul(sum(ops.mul(yTrue, yPred)), 2);
    return ops.sub(1, ops.div(both, ops.add(ops.add(sum(yTrue), sum(yPred)), EPSILON)));
  }),
  defineLoss(
    'Tversky',
    ['tversky'],
    { ...axes(), alpha: z.number().default(0.5), beta: z.number().default(0.5) },
    (ops, yTrue, yPred, { axis: along, alpha, beta }) => {
      const sum = (x: Value) => ops.reduceSum(x, along ?? undefined);
      const both = sum(ops.mul(yTrue, yPred));
      const falsePositive = ops.mul(sum(ops.mul(ops.sub(1, yPred), yTrue)), alpha);
      const falseNegative = ops.mul(sum(ops.mul(yPred, ops.sub(1, yTrue))), beta);
      const all = ops.add(ops.add(both, falsePositive), falseNegative);
      return ops.sub(1, ops.div(both, ops.add(all, EPSILON)));
    },
  ),
];

/** The axes of a loss over a region; null: everything. */
function axes() {
  return { axis: z.union([z.array(z.int()), z.int().transform((one) => [one])]).nullish() };
}
