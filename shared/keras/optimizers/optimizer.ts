import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { learningRateOf, type LearningRate } from '../schedules.ts';
import { SpecError, type Json, type JsonObject } from '../spec.ts';

/** What one variable's update works with. */
export interface UpdateContext {
  readonly ops: Ops;
  readonly variable: Value;
  readonly gradient: Value;
  /** The optimizer's tensors of this variable, and those that it has once, by name. */
  readonly slots: Readonly<Record<string, Value>>;
  readonly learningRate: Value;
  /** The number of this update, from 1, float32. */
  readonly step: Value;
}

/** The new values of a variable and of its slots. */
export interface Update {
  readonly variable: Value;
  readonly slots: Readonly<Record<string, Value>>;
}

/** A tensor that the optimizer keeps for a variable. */
export interface Slot {
  readonly name: string;
  /** The variable's shape unless told. */
  readonly shape?: (variable: readonly number[]) => readonly number[];
  /** 0 unless told. */
  readonly initial?: number;
}

/** The formula of an optimizer: what is its own, beside what all of Keras's optimizers do. */
interface Definition<S extends z.ZodType, C = z.infer<S>> {
  readonly className: string;
  readonly config: S;
  /** In Keras's order. */
  slots(config: C): readonly Slot[];
  /** Scalars that the optimizer keeps once, with their first values and how they go on. */
  once?(config: C): Readonly<Record<string, number>>;
  advance?(
    ops: Ops,
    once: Readonly<Record<string, Value>>,
    step: Value,
    config: C,
  ): Record<string, Value>;
  update(context: UpdateContext, config: C): Update;
}

/** What Keras's optimizers all have beside their own formula. */
export interface CommonSettings {
  readonly weight_decay: number | null;
  readonly clipnorm: number | null;
  readonly clipvalue: number | null;
  readonly global_clipnorm: number | null;
  readonly use_ema: boolean;
  readonly ema_momentum: number;
  readonly ema_overwrite_frequency: number | null;
  readonly gradient_accumulation_steps: number | null;
}

/** An optimizer with its configuration. */
export interface Optimizer {
  readonly className: string;
  readonly common: CommonSettings;
  readonly learningRate: LearningRate;
  readonly slots: readonly Slot[];
  readonly once: Readonly<Record<string, number>>;
  advance(ops: Ops, once: Readonly<Record<string, Value>>, step: Value): Record<string, Value>;
  update(context: UpdateContext): Update;
}

const optional = z
  .number()
  .positive()
  .nullish()
  .transform((value) => value ?? null);

/** The configuration that every optimizer takes. `loss_scale_factor` changes nothing in float32. */
export function common(learningRate = 0.001, weightDecay: number | null = null) {
  return {
    name: z.string().optional(),
    learning_rate: (z.json() as unknown as z.ZodType<Json>).default(learningRate),
    weight_decay: z.number().nonnegative().nullable().default(weightDecay),
    clipnorm: optional,
    clipvalue: optional,
    global_clipnorm: optional,
    use_ema: z.boolean().default(false),
    ema_momentum: z.number().min(0).max(1).default(0.99),
    ema_overwrite_frequency: z
      .int()
      .positive()
      .nullish()
      .transform((value) => value ?? null),
    loss_scale_factor: z.number().nullish(),
    gradient_accumulation_steps: z
      .int()
      .min(2)
      .nullish()
      .transform((value) => value ?? null),
  };
}

/** A fraction below 1: a decay rate. */
export const beta = (fallback: number) => z.number().min(0).lt(1).default(fallback);

export const epsilon = z.number().positive().default(1e-7);

/** What an optimizer is, by its Keras class. */
export interface OptimizerDefinition {
  readonly className: string;
  readonly config: z.ZodType;
  readonly create: (config: JsonObject) => Optimizer;
}

/** An optimizer from its formula. The function throws a SpecError that names a wrong key. */
export function defineOptimizer<S extends z.ZodType<CommonSettings & { learning_rate: Json }>>(
  definition: Definition<S>,
): OptimizerDefinition {
  const create = (given: JsonObject): Optimizer => {
    const result = definition.config.safeParse(given);
    if (!result.success) {
      const issue = result.error.issues[0]!;
      const place = [definition.className, ...issue.path].join('.');
      throw new SpecError('optimizer', `${place}: ${issue.message}`);
    }
    const config = result.data;
    return {
      className: definition.className,
      common: config,
      learningRate: learningRateOf(config.learning_rate),
      slots: definition.slots(config),
      once: definition.once?.(config) ?? {},
      advance: (ops, once, step) => definition.advance?.(ops, once, step, config) ?? {},
      update: (context) => definition.update(context, config),
    };
  };
  return { className: definition.className, config: definition.config, create };
}

/** old moved towards next by a share: Keras's `old + (next - old) * share`. */
export function towards(ops: Ops, old: Value, next: Value, share: number): Value {
  return ops.add(old, ops.mul(ops.sub(next, old), share));
}
