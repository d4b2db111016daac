import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { tensor } from '../../program/tensor.ts';
import { asFloat, defineMetric, ratio, type MetricDefinition, type MetricState } from './metric.ts';

/** Weighted counts of what was said against what is true: one per threshold, or per label and threshold. */
const COUNTS = ['true_positives', 'false_positives', 'true_negatives', 'false_negatives'] as const;
type Count = (typeof COUNTS)[number];

/** Weights spread over every label of every sample, flat. */
function flatWeights(ops: Ops, yPred: Value, weight?: Value): Value | undefined {
  if (!weight) return undefined;
  const missing = yPred.shape.length - weight.shape.length;
  const open = ops.reshape(weight, [
    ...weight.shape,
    ...Array<number>(Math.max(missing, 0)).fill(1),
  ]);
  return ops.reshape(ops.expandLike(open, yPred), [null, 1]);
}

/** Whether predictions [n, 1] lie above each threshold. Evenly spread ones are counted off, as Keras does. */
function isAbove(ops: Ops, yPred: Value, thresholds: readonly number[]): Value {
  const row = (values: readonly number[]) => ops.constant(tensor(values, [1, values.length]));
  if (!areEven(thresholds)) return ops.less(row(thresholds), yPred);
  const last = thresholds.length - 1;
  const within = ops.max(ops.min(yPred, 1), 0);
  const reached = ops.ceil(ops.mul(within, last));
  const withEnds = thresholds[0]! < 0 || thresholds[last]! > 1;
  const steps = thresholds.map((_, i) => i + 0.5);
  return ops.less(row(steps), withEnds ? ops.max(reached, 1) : reached);
}

/** keras.src.metrics.metrics_utils.is_evenly_distributed_thresholds. */
function areEven(thresholds: readonly number[]): boolean {
  const last = thresholds.length - 1;
  return (
    last > 1 &&
    thresholds.every((one, i) => Math.abs(one - i / last) <= 1e-7 * 1.01 + 1e-5 * (i / last))
  );
}

/** The counts at each threshold. `yPred` and `yTrue` are [n, 1]; a prediction above the threshold is positive. */
function countsAt(
  ops: Ops,
  yTrue: Value,
  yPred: Value,
  thresholds: readonly number[],
  wanted: readonly Count[],
  weight?: Value,
): Record<string, Value> {
  const said = asFloat(ops, isAbove(ops, yPred, thresholds));
  const is = asFloat(ops, ops.not(ops.equal(yTrue, 0)));
  const [not, unsaid] = [ops.sub(1, is), ops.sub(1, said)];
  const pairs: Record<Count, [Value, Value]> = {
    true_positives: [is, said],
    false_positives: [not, said],
    true_negatives: [not, unsaid],
    false_negatives: [is, unsaid],
  };
  return Object.fromEntries(
    wanted.map((count) => {
      const both = ops.mul(...pairs[count]);
      return [count, ops.reduceSum(weight ? ops.mul(both, weight) : both, [0])];
    }),
  );
}

const thresholdKeys = {
  thresholds: z
    .union([z.number(), z.array(z.number())])
    .nullish()
    .transform((value) => value ?? null),
};
const selection = {
  ...thresholdKeys,
  top_k: z.int().positive().nullish(),
  class_id: z.int().nonnegative().nullish(),
};

/** Below every value that a model says. */
const LOWEST = -1e10;

/** Values outside the k largest of the last axis become `LOWEST`; of equal ones the first are larger. */
function onlyTopK(ops: Ops, x: Value, k: number): Value {
  const size = x.shape.at(-1)!;
  const [own, others] = [
    ops.reshape(x, [...x.shape, 1]),
    ops.reshape(x, [...x.shape.slice(0, -1), 1, size]),
  ];
  const isBefore = Array.from({ length: size ** 2 }, (_, i) => (i % size < i / size - 1 ? 1 : 0));
  const before = ops.constant(tensor(isBefore, [size, size]));
  const higher = asFloat(ops, ops.less(own, others));
  const equal = ops.mul(asFloat(ops, ops.equal(own, others)), before);
  const above = ops.reduceSum(ops.add(higher, equal), [-1]);
  return ops.select(ops.less(above, k), x, LOWEST);
}

function selected(
  ops: Ops,
  { yTrue, yPred, weight }: { yTrue: Value; yPred: Value; weight?: Value },
  config: { thresholds: number | number[] | null; top_k?: number | null; class_id?: number | null },
  wanted: readonly Count[],
): Record<string, Value> {
  const scores = config.top_k == null ? yPred : onlyTopK(ops, yPred, config.top_k);
  const pick = (x: Value) => {
    const whole = ops.cast(x, 'float32');
    if (config.class_id == null) return whole;
    const rank = x.shape.length;
    const starts = x.shape.map((_, i) => (i === rank - 1 ? config.class_id! : 0));
    const sizes = x.shape.map((dim, i) => (i === rank - 1 ? 1 : i === 0 ? null : dim));
    return ops.slice(whole, starts, sizes);
  };
  const flat = (x: Value) => ops.reshape(pick(x), [null, 1]);
  const limits = [config.thresholds ?? (config.top_k == null ? 0.5 : LOWEST)].flat();
  return countsAt(
    ops,
    flat(yTrue),
    flat(scores),
    limits,
    wanted,
    flatWeights(ops, pick(scores), weight),
  );
}

const one = (values: number[]) => (values.length === 1 ? values[0]! : values);

function countMetric(className: string, name: string, count: Count): MetricDefinition {
  return defineMetric(
    className,
    [name],
    thresholdKeys,
    (ops, tensors, config) => selected(ops, tensors, config, [count]),
    (totals) => one([...totals[count]!]),
  );
}

/** hits / (hits + misses) at each threshold. */
function shareMetric(className: string, name: string, misses: Count): MetricDefinition {
  return defineMetric(
    className,
    [name],
    selection,
    (ops, tensors, config) => selected(ops, tensors, config, ['true_positives', misses]),
    (totals) =>
      one(totals['true_positives']!.map((hit, i) => ratio(hit, hit + totals[misses]![i]!))),
  );
}

/** n thresholds from just below 0 to just above 1. */
function spread(n: number): number[] {
  const inner = Array.from({ length: n - 2 }, (_, i) => (i + 1) / (n - 1));
  return [-1e-7, ...inner, 1 + 1e-7];
}

type Counts = Record<Count, readonly number[]>;

/** The area under one curve from its counts at falling recall. Source: keras.src.metrics.AUC.result. */
function area(
  { true_positives: tp, false_positives: fp, true_negatives: tn, false_negatives: fn }: Counts,
  curve: 'ROC' | 'PR',
  method: 'interpolation' | 'minoring' | 'majoring',
): number {
  if (curve === 'PR' && method === 'interpolation') return interpolatedPr(tp, fp, fn);
  const recall = tp.map((hit, i) => ratio(hit, hit + fn[i]!));
  const x = curve === 'ROC' ? fp.map((miss, i) => ratio(miss, miss + tn[i]!)) : recall;
  const y = curve === 'ROC' ? recall : tp.map((hit, i) => ratio(hit, hit + fp[i]!));
  const height = {
    interpolation: (a: number, b: number) => (a + b) / 2,
    minoring: Math.min,
    majoring: Math.max,
  }[method];
  return x.slice(1).reduce((sum, right, i) => sum + (x[i]! - right) * height(y[i]!, y[i + 1]!), 0);
}

/** Davis and Goadrich, 2006: precision is interpolated along true positives, not along recall. */
function interpolatedPr(
  tp: readonly number[],
  fp: readonly number[],
  fn: readonly number[],
): number {
  let sum = 0;
  for (let i = 0; i + 1 < tp.length; i++) {
    const dtp = tp[i]! - tp[i + 1]!;
    const p = tp[i]! + fp[i]!;
    const next = tp[i + 1]! + fp[i + 1]!;
    const slope = ratio(dtp, Math.max(p - next, 0));
    const intercept = tp[i + 1]! - slope * next;
    const safe = p > 0 && next > 0 ? ratio(p, Math.max(next, 0)) : 1;
    sum += ratio(slope * (dtp + intercept * Math.log(safe)), Math.max(tp[i + 1]! + fn[i + 1]!, 0));
  }
  return sum;
}

const auc = defineMetric(
  'AUC',
  ['auc'],
  {
    num_thresholds: z.int().min(2).default(200),
    curve: z.enum(['ROC', 'PR']).default('ROC'),
    summation_method: z.enum(['interpolation', 'minoring', 'majoring']).default('interpolation'),
    thresholds: z.array(z.number()).nullish(),
    multi_label: z.boolean().default(false),
    num_labels: z.int().nullish(),
    label_weights: z.array(z.number()).nullish(),
    from_logits: z.boolean().default(false),
  },
  (ops, { yTrue, yPred, weight }, config) => {
    const limits = limitsOf(config);
    const scores = config.from_logits ? ops.sigmoid(yPred) : yPred;
    const labels = yPred.shape.at(-1)!;
    // With an axis for labels of its own, each has its own counts.
    const inner = config.multi_label ? [labels, 1] : [1];
    const flat = (x: Value) => ops.reshape(ops.cast(x, 'float32'), [null, ...inner]);
    const own = flatWeights(ops, yPred, weight);
    const ofLabels =
      config.label_weights && !config.multi_label
        ? ops.expandLike(ops.constant(tensor(config.label_weights, [1, labels])), yPred)
        : null;
    const weights = [own, ofLabels]
      .flatMap((part) => (part ? [flat(part)] : []))
      .reduce<Value | undefined>((a, b) => (a ? ops.mul(a, b) : b), undefined);
    return countsAt(ops, flat(yTrue), flat(scores), limits, COUNTS, weights);
  },
  (totals, config) => {
    const n = limitsOf(config).length;
    const labels = config.multi_label ? totals['true_positives']!.length / n : 1;
    const areas = Array.from({ length: labels }, (_, label) => {
      const counts = COUNTS.map((count) => [
        count,
        totals[count]!.slice(label * n, (label + 1) * n),
      ]);
      return area(Object.fromEntries(counts) as Counts, config.curve, config.summation_method);
    });
    const weights = (config.multi_label && config.label_weights) || areas.map(() => 1);
    const total = weights.reduce((a, b) => a + b, 0);
    return ratio(
      areas.reduce((sum, value, i) => sum + value * weights[i]!, 0),
      total,
    );
  },
);

/** The thresholds of an AUC, ascending, the ends of [0, 1] just outside. */
function limitsOf({
  thresholds,
  num_thresholds,
}: {
  readonly thresholds?: number[] | null | undefined;
  readonly num_thresholds: number;
}): number[] {
  if (!thresholds) return spread(num_thresholds);
  return [-1e-7, ...thresholds.toSorted((a, b) => a - b), 1 + 1e-7];
}

/** The best of one rate where another is at least a value. Source: keras.src.metrics.SensitivitySpecificityBase. */
function bestAt(
  className: string,
  name: string,
  key: 'specificity' | 'sensitivity' | 'recall' | 'precision',
  rates: (totals: MetricState) => { held: number[]; best: number[] },
): MetricDefinition {
  return defineMetric(
    className,
    [name],
    {
      [key]: z.number().min(0).max(1),
      num_thresholds: z.int().positive().default(200),
      class_id: z.int().nonnegative().nullish(),
    },
    (ops, tensors, config) => {
      const { num_thresholds, class_id } = config as { num_thresholds: number; class_id?: number };
      const thresholds = num_thresholds === 1 ? [0.5] : spread(num_thresholds);
      return selected(ops, tensors, { thresholds, class_id: class_id ?? null }, COUNTS);
    },
    (totals, config) => {
      const { held, best } = rates(totals);
      const limit = (config as Record<string, number>)[key]!;
      return held.reduce((top, rate, i) => (rate >= limit ? Math.max(top, best[i]!) : top), 0);
    },
  );
}

const rate = (totals: MetricState, a: Count, b: Count) =>
  totals[a]!.map((hit, i) => ratio(hit, hit + totals[b]![i]!));
const recallOf = (totals: MetricState) => rate(totals, 'true_positives', 'false_negatives');
const precisionOf = (totals: MetricState) => rate(totals, 'true_positives', 'false_positives');
const specificityOf = (totals: MetricState) => rate(totals, 'true_negatives', 'false_positives');

/** Keras's metrics over true and false positives and negatives. Source: keras.src.metrics.confusion_metrics. */
export const confusionMetrics: readonly MetricDefinition[] = [
  countMetric('TruePositives', 'true_positives', 'true_positives'),
  countMetric('FalsePositives', 'false_positives', 'false_positives'),
  countMetric('TrueNegatives', 'true_negatives', 'true_negatives'),
  countMetric('FalseNegatives', 'false_negatives', 'false_negatives'),
  shareMetric('Precision', 'precision', 'false_positives'),
  shareMetric('Recall', 'recall', 'false_negatives'),
  auc,
  bestAt('SensitivityAtSpecificity', 'sensitivity_at_specificity', 'specificity', (totals) => ({
    held: specificityOf(totals),
    best: recallOf(totals),
  })),
  bestAt('SpecificityAtSensitivity', 'specificity_at_sensitivity', 'sensitivity', (totals) => ({
    held: recallOf(totals),
    best: specificityOf(totals),
  })),
  bestAt('PrecisionAtRecall', 'precision_at_recall', 'recall', (totals) => ({
    held: recallOf(totals),
    best: precisionOf(totals),
  })),
  bestAt('RecallAtPrecision', 'recall_at_precision', 'precision', (totals) => ({
    held: precisionOf(totals),
    best: recallOf(totals),
  })),
];
