import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';

/** keras.backend.epsilon(). */
export const EPSILON = 1e-7;

/** The losses of a batch before they are made one number. */
export interface LossValues {
  /** One per sample (and position), or a scalar for losses over the whole batch. */
  readonly values: Value;
  /** 1 where a value counts, 0 where it is left out; absent: all count. */
  readonly mask?: Value;
}

/** A loss with its configuration. */
export interface Loss {
  readonly className: string;
  readonly reduction: Reduction;
  /** Whether the targets are class numbers (int32, without the last axis). */
  readonly sparse: boolean;
  compute(ops: Ops, yTrue: Value, yPred: Value): LossValues;
}

/** How the values of a batch become one number. */
export type Reduction = 'sum_over_batch_size' | 'mean' | 'sum' | 'mean_with_sample_weight';

const settings = {
  name: z.string().nullish(),
  dtype: z.unknown().optional(),
  reduction: z
    .enum(['sum_over_batch_size', 'mean', 'sum', 'mean_with_sample_weight'])
    .default('sum_over_batch_size'),
};

/** What a loss is, by its Keras class and the names of its function. */
export interface LossDefinition {
  readonly className: string;
  /** `mean_squared_error`, `mse`, … */
  readonly names: readonly string[];
  readonly config: z.ZodType;
  readonly create: (config: unknown) => Loss;
}

/** Defines a loss. `compute` gives a value per sample, or values with a mask. */
export function defineLoss<S extends z.ZodRawShape>(
  className: string,
  names: readonly string[],
  own: S,
  compute: (
    ops: Ops,
    yTrue: Value,
    yPred: Value,
    config: z.infer<z.ZodObject<S>>,
  ) => Value | LossValues,
  sparse = false,
): LossDefinition {
  const common = z.object(settings);
  const schema = z.strictObject({ ...settings, ...own });
  const create = (config: unknown): Loss => {
    const given = schema.parse(config ?? {});
    return {
      className,
      reduction: common.parse(given).reduction,
      sparse,
      compute(ops, yTrue, yPred) {
        const result = compute(ops, yTrue, yPred, given as z.infer<z.ZodObject<S>>);
        return 'values' in result ? result : { values: result };
      },
    };
  };
  return { className, names, config: schema, create };
}

/** The axis that a loss works along: the last one unless told. */
export const axis = { axis: z.int().default(-1) };

/** Mean over the last axis, which Keras takes first in most losses. */
export const lastMean = (ops: Ops, x: Value) => ops.reduceMean(x, [-1]);

/** x kept within [low, high]. */
export const clip = (ops: Ops, x: Value, low: number, high: number) =>
  ops.min(ops.max(x, low), high);
