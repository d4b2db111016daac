import type { Ops, Value } from '../../program/builder.ts';
import { EPSILON, type LossValues, type Reduction } from './loss.ts';

/**
 * The values of a batch as one number, weighted by sample. Masked values are left out and the others count for more.
 * Source: keras.src.losses.loss.reduce_weighted_values and apply_mask.
 */
export function reduceLoss(
  ops: Ops,
  { values, mask }: LossValues,
  reduction: Reduction,
  sampleWeight?: Value,
): Value {
  const averages = reduction === 'mean' || reduction === 'sum_over_batch_size';
  const scale =
    mask && averages ? ops.div(ops.size(mask), ops.add(ops.reduceSum(mask), EPSILON)) : null;
  const counted = scale ? ops.mul(mask!, scale) : mask;
  const weights = [counted, sampleWeight]
    .filter((weight) => weight !== undefined)
    .map((weight) => alignRank(ops, weight, values))
    .reduce<Value | undefined>((a, b) => (a ? ops.mul(a, b) : b), undefined);
  const weighted = weights ? ops.mul(values, weights) : values;
  const sum = ops.reduceSum(weighted);
  if (reduction === 'sum') return sum;
  if (reduction === 'mean_with_sample_weight' && weights)
    return ops.div(sum, ops.add(ops.reduceSum(weights), EPSILON));
  return weights ? ops.div(sum, ops.size(weighted)) : ops.reduceMean(values);
}

/** Weights with axes of size 1 added at the end (or one taken away) until they broadcast over the values. */
export function alignRank(ops: Ops, weight: Value, values: Value): Value {
  const missing = values.shape.length - weight.shape.length;
  if (missing > 0) return ops.reshape(weight, [...weight.shape, ...Array<number>(missing).fill(1)]);
  if (missing === -1 && weight.shape.at(-1) === 1)
    return ops.reshape(weight, weight.shape.slice(0, -1));
  return weight;
}
