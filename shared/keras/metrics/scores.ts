import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { asFloat, defineMetric, meanSums, ratio, type MetricDefinition } from './metric.ts';
import { iouMetrics } from './iou.ts';

const average = z.enum(['micro', 'macro', 'weighted']).nullish();
const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);

/** A sample's weight as a column, or 1. */
const column = (ops: Ops, weight?: Value) => (weight ? ops.reshape(weight, [null, 1]) : 1);

function fScore(className: string, name: string, ownBeta: boolean): MetricDefinition {
  const beta = ownBeta ? z.number().positive().default(1) : z.literal(1).default(1);
  return defineMetric(
    className,
    [name],
    { average, threshold: z.number().nullish(), beta },
    (ops, { yTrue, yPred, weight }, { threshold }) => {
      const top = ops.reduceMax(yPred, [-1], true);
      const said = asFloat(
        ops,
        threshold == null
          ? ops.and(ops.lessEqual(top, yPred), ops.less(1e-9, ops.abs(yPred)))
          : ops.less(threshold, yPred),
      );
      const is = ops.cast(yTrue, 'float32');
      const total = (x: Value) => ops.reduceSum(ops.mul(x, column(ops, weight)), [0]);
      return {
        true_positives: total(ops.mul(said, is)),
        false_positives: total(ops.mul(said, ops.sub(1, is))),
        false_negatives: total(ops.mul(ops.sub(1, said), is)),
        weights: total(is),
      };
    },
    (totals, config) => {
      const square = config.beta ** 2;
      const micro = config.average === 'micro';
      const [tp, fp, fn] = ['true_positives', 'false_positives', 'false_negatives'].map((count) =>
        micro ? [sum(totals[count]!)] : totals[count]!,
      ) as [number[], number[], number[]];
      const scores = tp.map((hit, i) => {
        const precision = ratio(hit, hit + fp[i]!);
        const recall = ratio(hit, hit + fn[i]!);
        return (1 + square) * ratio(precision * recall, precision * square + recall + 1e-7);
      });
      if (micro) return scores[0]!;
      if (config.average === 'macro') return sum(scores) / scores.length;
      if (config.average !== 'weighted') return scores.length === 1 ? scores[0]! : scores;
      const weights = totals['weights']!;
      return sum(scores.map((score, i) => score * ratio(weights[i]!, sum(weights))));
    },
  );
}

const r2 = defineMetric(
  'R2Score',
  ['r2_score'],
  {
    class_aggregation: z
      .enum(['uniform_average', 'variance_weighted_average'])
      .nullish()
      .default('uniform_average'),
    num_regressors: z.int().nonnegative().default(0),
  },
  (ops, { yTrue, yPred, weight }) => {
    const by = column(ops, weight);
    const total = (x: Value) => ops.reduceSum(ops.mul(x, by), [0]);
    return {
      squared_sum: total(ops.square(yTrue)),
      sum: total(yTrue),
      residual: total(ops.square(ops.sub(yTrue, yPred))),
      count: total(ops.add(ops.mul(yTrue, 0), 1)),
      samples: ops.size(yTrue, [0]),
    };
  },
  (totals, { class_aggregation, num_regressors }) => {
    const spread = totals['sum']!.map(
      (s, i) => totals['squared_sum']![i]! - (s * s) / totals['count']![i]!,
    );
    const raw = spread.map((variance, i) => 1 - ratio(totals['residual']![i]!, variance));
    const adjust = (score: number) => {
      const n = totals['samples']![0]!;
      if (num_regressors === 0 || n - num_regressors - 1 <= 0) return score;
      return 1 - ((1 - score) * (n - 1)) / (n - num_regressors - 1);
    };
    if (class_aggregation === 'uniform_average') return adjust(sum(raw) / raw.length);
    if (class_aggregation === 'variance_weighted_average')
      return adjust(sum(raw.map((score, i) => score * spread[i]!)) / sum(spread));
    return raw.length === 1 ? adjust(raw[0]!) : raw.map(adjust);
  },
);

/** F-scores, R2 and the intersection-over-union family. Source: keras.src.metrics. */
export const scoreMetrics: readonly MetricDefinition[] = [
  fScore('F1Score', 'f1_score', false),
  fScore('FBetaScore', 'fbeta_score', true),
  r2,
  ...iouMetrics,
  defineMetric(
    'Mean',
    ['mean'],
    {},
    (ops, { yPred, weight }) => meanSums(ops, yPred, weight),
    (totals) => ratio(totals['total']![0]!, totals['count']![0]!),
  ),
];
