import { z } from 'zod';
import type { Ops, Value } from '../program/builder.ts';
import { kerasObject } from './keras-object.ts';
import type { JsonObject } from './spec.ts';

/** What a variable becomes after an update. */
export type Constraint = (ops: Ops, w: Value) => Value;

/** keras.backend.epsilon(). */
const EPSILON = 1e-7;

const axis = z
  .union([z.int(), z.array(z.int())])
  .default(0)
  .transform((value) => [value].flat());

const normOf = (ops: Ops, w: Value, axes: number[]) =>
  ops.sqrt(ops.reduceSum(ops.square(w), axes, true));

const clip = (ops: Ops, x: Value, low: number, high: number) => ops.min(ops.max(x, low), high);

/** Keras's constraints by their names in snake case. Source: keras.src.constraints.constraints. */
const constraints: Readonly<Record<string, (config: unknown) => Constraint>> = {
  max_norm(config) {
    const parsed = z.strictObject({ max_value: z.number().default(2), axis }).parse(config);
    return (ops, w) => {
      const norms = normOf(ops, w, parsed.axis);
      const wanted = clip(ops, norms, 0, parsed.max_value);
      return ops.mul(w, ops.div(wanted, ops.add(norms, EPSILON)));
    };
  },
  non_neg(config) {
    z.strictObject({}).parse(config);
    return (ops, w) => ops.relu(w);
  },
  unit_norm(config) {
    const parsed = z.strictObject({ axis }).parse(config);
    return (ops, w) => ops.div(w, ops.add(normOf(ops, w, parsed.axis), EPSILON));
  },
  min_max_norm(config) {
    const {
      min_value,
      max_value,
      rate,
      axis: axes,
    } = z
      .strictObject({
        min_value: z.number().default(0),
        max_value: z.number().default(1),
        rate: z.number().default(1),
        axis,
      })
      .parse(config);
    return (ops, w) => {
      const norms = normOf(ops, w, axes);
      const inside = ops.mul(clip(ops, norms, min_value, max_value), rate);
      const wanted = ops.add(inside, ops.mul(norms, 1 - rate));
      return ops.mul(w, ops.div(wanted, ops.add(norms, EPSILON)));
    };
  },
};

/** The constraint of a setting. Throws a RangeError that names an unknown one or a wrong key. */
export function constraintOf(given: string | JsonObject): Constraint {
  return kerasObject('constraint', constraints, {}, given);
}
