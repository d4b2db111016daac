import type { OutputSettings } from '../keras/compile-settings.ts';
import { lossOf } from '../keras/losses/catalogue.ts';
import type { LossValues } from '../keras/losses/loss.ts';
import { alignRank, reduceLoss } from '../keras/losses/reduce.ts';
import { metricOf } from '../keras/metrics/catalogue.ts';
import type { Metric } from '../keras/metrics/metric.ts';
import { regularizerOf } from '../keras/regularizers.ts';
import { SpecError } from '../keras/spec.ts';
import type { Ops, Value } from './builder.ts';
import type { Shape } from './tensor.ts';
import type { Forward } from './trace.ts';

/** A feed that holds what an output should be. */
export interface TargetFeed {
  /** Name of the feed: `target/0`. */
  readonly name: string;
  /** The output that it is for, by Keras's name. */
  readonly output: string;
  readonly shape: Shape;
  /** int32: class numbers, without the last axis. */
  readonly dtype: 'float32' | 'int32';
  /** The feed that holds the weights of the samples, or of each of their steps, where weights are given. */
  readonly sampleWeight?: { readonly name: string; readonly shape: Shape };
}

/** A metric of an output, and where a program's outputs hold its sums. */
export interface MetricOutput {
  /** Keras's name in logs: `accuracy`, or with several outputs `digit_accuracy`. */
  readonly name: string;
  readonly metric: Metric;
  /** Name of the program's output for each sum: sum -> `metric/0/total`. */
  readonly sums: Readonly<Record<string, string>>;
}

/** What a program computes to judge a batch. */
export interface Objective {
  /** What is minimised: weighted losses, regularisation and what layers add. */
  readonly loss: Value;
  /** What the program gives: `loss`, `loss/<output>` with several outputs, and the metrics' sums. */
  readonly results: Readonly<Record<string, Value>>;
  readonly targets: readonly TargetFeed[];
  readonly metrics: readonly MetricOutput[];
}

/** Adds losses and metrics to a traced model. Throws a SpecError for one that is unknown. */
export function addObjective(
  trace: Forward,
  outputs: readonly OutputSettings[],
  sampleWeights?: readonly Shape[],
): Objective {
  const { ops } = trace;
  const several = outputs.length > 1;
  const results: Record<string, Value> = {};
  const targets: TargetFeed[] = [];
  const metrics: MetricOutput[] = [];
  const parts: Value[] = [];
  outputs.forEach((output, i) => {
    if (output.loss === null) return;
    const yPred = trace.outputs[i]!;
    const loss = lossOf(output.loss, several ? `loss/${output.name}` : 'loss');
    const target = targetFeed(i, output.name, yPred, loss.sparse, sampleWeights?.[i]);
    targets.push(target);
    const yTrue = ops.feed(target.name, target.shape, target.dtype);
    const weights = target.sampleWeight;
    const weight = weights && ops.feed(weights.name, [yPred.shape[0]!, ...weights.shape.slice(1)]);
    const mask = trace.masks[i] ? ops.cast(trace.masks[i], 'float32') : undefined;
    const measure = (given: OutputSettings['metrics'][number], own?: Value) => {
      const metric = metricOf(given, yTrue, yPred);
      const prefix = several ? `${output.name}_` : '';
      const counted = metric.usesMask ? weightOf(ops, own, mask) : own;
      addMetric(ops, metrics, results, prefix, metric, yTrue, yPred, counted);
    };
    try {
      const values = masked(ops, loss.compute(ops, yTrue, yPred), mask);
      const value = reduceLoss(ops, values, loss.reduction, weight);
      parts.push(output.weight === 1 ? value : ops.mul(value, output.weight));
      if (several) results[`loss/${output.name}`] = value;
      for (const given of output.metrics) measure(given);
      for (const given of output.weightedMetrics) measure(given, weight);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      throw new SpecError(output.name, `${loss.className}: ${error.message}`);
    }
  });
  const loss = [...parts, ...trace.losses, ...regularization(trace)].reduce((a, b) =>
    ops.add(a, b),
  );
  return { loss, results: { loss, ...results }, targets, metrics };
}

function targetFeed(
  i: number,
  output: string,
  yPred: Value,
  sparse: boolean,
  weights?: Shape,
): TargetFeed {
  return {
    name: `target/${i}`,
    output,
    shape: sparse ? yPred.shape.slice(0, -1) : yPred.shape,
    dtype: sparse ? 'int32' : 'float32',
    ...(weights && { sampleWeight: { name: `sample_weight/${i}`, shape: weights } }),
  };
}

/** The values of a loss with the mask that came along with the output. */
function masked(ops: Ops, { values, mask: own }: LossValues, mask?: Value): LossValues {
  const both = own && mask ? ops.mul(own, mask) : (own ?? mask);
  return both ? { values, mask: both } : { values };
}

/** The weight of each value of a metric: the sample's, and 0 where the mask leaves it out. */
function weightOf(ops: Ops, weight: Value | undefined, mask: Value | undefined) {
  return weight && mask ? ops.mul(mask, alignRank(ops, weight, mask)) : (weight ?? mask);
}

function addMetric(
  ops: Ops,
  metrics: MetricOutput[],
  results: Record<string, Value>,
  prefix: string,
  metric: Metric,
  yTrue: Value,
  yPred: Value,
  weight?: Value,
) {
  const names: Record<string, string> = {};
  for (const [sum, value] of Object.entries(metric.sums(ops, yTrue, yPred, weight))) {
    names[sum] = `metric/${metrics.length}/${sum}`;
    results[names[sum]] = value;
  }
  metrics.push({ name: freeName(metrics, prefix, metric.name), metric, sums: names });
}

/** A weighted metric beside an unweighted one of the same name is called `weighted_…`, as in Keras. */
function freeName(metrics: readonly MetricOutput[], prefix: string, own: string): string {
  const isTaken = metrics.some(({ name }) => name === prefix + own);
  return `${prefix}${isTaken ? 'weighted_' : ''}${own}`;
}

/** What the regularizers of the trained variables add. */
function regularization({ ops, variables }: Forward): Value[] {
  return variables.flatMap(({ key, shape, dtype, regularizer, trainable }) =>
    trainable && regularizer
      ? [regularizerOf(regularizer)(ops, ops.variable(key, shape, dtype))]
      : [],
  );
}
