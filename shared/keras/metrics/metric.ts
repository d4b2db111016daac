import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';

/** Sums over the samples seen so far, by name. A batch's sums are added to them. */
export type MetricState = Readonly<Record<string, readonly number[]>>;

/**
 * A metric with its configuration. All of Keras's metrics are functions of sums over samples: a program gives the
 * sums of a batch, they are added up outside, and `result` is computed from the totals.
 */
export interface Metric {
  readonly className: string;
  /** The name in logs: Keras's unless the configuration has another. */
  readonly name: string;
  /** The sums of a batch; `weight` has one number per sample, and ranks that broadcast over yPred. */
  sums(ops: Ops, yTrue: Value, yPred: Value, weight?: Value): Record<string, Value>;
  result(totals: MetricState): number | number[];
  /** Whether it leaves out positions that the output's mask leaves out: Keras's means over samples do. */
  readonly usesMask: boolean;
}

/** What a metric is, by its Keras class and the short names that Keras takes. */
export interface MetricDefinition {
  readonly className: string;
  readonly names: readonly string[];
  readonly config: z.ZodType;
  readonly create: (config: unknown) => Metric;
}

/** Defines a metric; the first of `names` is its default name in logs. */
export function defineMetric<S extends z.ZodRawShape>(
  className: string,
  names: readonly [string, ...string[]],
  own: S,
  sums: (
    ops: Ops,
    tensors: { yTrue: Value; yPred: Value; weight?: Value },
    config: z.infer<z.ZodObject<S>>,
  ) => Record<string, Value>,
  result: (totals: MetricState, config: z.infer<z.ZodObject<S>>) => number | number[],
  usesMask = false,
): MetricDefinition {
  const schema = z.strictObject({
    name: z.string().nullish(),
    dtype: z.unknown().optional(),
    ...own,
  });
  const create = (given: unknown): Metric => {
    const config = schema.parse(given ?? {}) as z.infer<z.ZodObject<S>> & { name?: string | null };
    return {
      className,
      name: config.name ?? names[0],
      sums: (ops, yTrue, yPred, weight) =>
        sums(ops, { yTrue, yPred, ...(weight && { weight }) }, config),
      result: (totals) => result(totals, config),
      usesMask,
    };
  };
  return { className, names, config: schema, create };
}

/** Weighted sum and weight of values that have a number per sample: what a mean is made of. */
export function meanSums(ops: Ops, values: Value, weight?: Value): { total: Value; count: Value } {
  if (!weight) return { total: ops.reduceSum(values), count: ops.size(values) };
  const missing = values.shape.length - weight.shape.length;
  const aligned =
    missing > 0
      ? ops.reshape(weight, [...weight.shape, ...Array<number>(missing).fill(1)])
      : missing < 0
        ? ops.reshape(weight, weight.shape.slice(0, missing))
        : weight;
  return {
    total: ops.reduceSum(ops.mul(values, aligned)),
    count: ops.reduceSum(ops.expandLike(aligned, values)),
  };
}

/** a / b, and 0 where b is 0 (Keras's divide_no_nan). */
export const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);

/** total / count. */
export const meanResult = (totals: MetricState) =>
  ratio(totals['total']![0]!, totals['count']![0]!);

/** A bool tensor as 0 and 1. */
export const asFloat = (ops: Ops, x: Value) => ops.cast(x, 'float32');
