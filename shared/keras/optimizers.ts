import { z } from 'zod';
import type { Ops, Value } from '../program/builder.ts';
import { toSnakeCase } from './names.ts';
import { SpecError, type JsonObject } from './spec.ts';

/** What one variable's update works with. */
interface UpdateContext {
  readonly ops: Ops;
  readonly variable: Value;
  readonly gradient: Value;
  readonly slots: Readonly<Record<string, Value>>;
  readonly learningRate: Value;
  /** The number of this step, from 1, float32. */
  readonly step: Value;
}

interface Update {
  readonly variable: Value;
  readonly slots: Readonly<Record<string, Value>>;
}

interface Definition<C> {
  readonly className: string;
  readonly config: z.ZodType<C>;
  /** The slots of each variable, zero at first, in Keras's order. */
  slots(config: C): readonly string[];
  update(context: UpdateContext, config: C): Update;
}

/** An optimizer with its configuration. */
export interface Optimizer {
  readonly className: string;
  readonly learningRate: number;
  readonly slots: readonly string[];
  update(context: UpdateContext): Update;
}

/** Keys that Keras's optimizers all have; those that change nothing at these values are taken. */
const common = {
  name: z.string().optional(),
  learning_rate: z.number().nonnegative().default(0.001),
  weight_decay: z.null().optional(),
  clipnorm: z.null().optional(),
  clipvalue: z.null().optional(),
  global_clipnorm: z.null().optional(),
  use_ema: z.literal(false).optional(),
  ema_momentum: z.number().optional(),
  ema_overwrite_frequency: z.null().optional(),
  loss_scale_factor: z.null().optional(),
  gradient_accumulation_steps: z.null().optional(),
};

interface WithLearningRate {
  learning_rate: number;
}

function define<C extends WithLearningRate>(definition: Definition<C>) {
  return (config: JsonObject): Optimizer => {
    const parsed = definition.config.safeParse(config);
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new SpecError(
        'optimizer',
        [definition.className, ...issue.path].join('.') + `: ${issue.message}`,
      );
    }
    return {
      className: definition.className,
      learningRate: parsed.data.learning_rate,
      slots: definition.slots(parsed.data),
      update: (context) => definition.update(context, parsed.data),
    };
  };
}

/** Kingma and Ba, 2014, in Keras's form: the bias correction is in the step size, epsilon is outside of it. */
const adam = define({
  className: 'Adam',
  config: z.strictObject({
    ...common,
    beta_1: z.number().min(0).lt(1).default(0.9),
    beta_2: z.number().min(0).lt(1).default(0.999),
    epsilon: z.number().positive().default(1e-7),
    amsgrad: z.literal(false).optional(),
  }),
  slots: () => ['momentum', 'velocity'],
  update({ ops, variable, gradient, slots, learningRate, step }, { beta_1, beta_2, epsilon }) {
    const correction1 = ops.sub(1, ops.pow(beta_1, step));
    const correction2 = ops.sub(1, ops.pow(beta_2, step));
    const alpha = ops.div(ops.mul(learningRate, ops.sqrt(correction2)), correction1);
    const towards = (old: Value, next: Value, share: number) =>
      ops.add(old, ops.mul(ops.sub(next, old), share));
    const momentum = towards(slots['momentum']!, gradient, 1 - beta_1);
    const velocity = towards(slots['velocity']!, ops.square(gradient), 1 - beta_2);
    const move = ops.div(ops.mul(momentum, alpha), ops.add(ops.sqrt(velocity), epsilon));
    return { variable: ops.sub(variable, move), slots: { momentum, velocity } };
  },
});

/** Stochastic gradient descent, with Keras's momentum. */
const sgd = define({
  className: 'SGD',
  config: z.strictObject({
    ...common,
    learning_rate: z.number().nonnegative().default(0.01),
    momentum: z.number().min(0).max(1).default(0),
    nesterov: z.boolean().default(false),
  }),
  slots: ({ momentum }) => (momentum === 0 ? [] : ['momentum']),
  update({ ops, variable, gradient, slots, learningRate }, { momentum, nesterov }): Update {
    const move = ops.mul(gradient, learningRate);
    if (momentum === 0) return { variable: ops.sub(variable, move), slots: {} };
    const velocity = ops.sub(ops.mul(slots['momentum']!, momentum), move);
    const applied = nesterov ? ops.sub(ops.mul(velocity, momentum), move) : velocity;
    return { variable: ops.add(variable, applied), slots: { momentum: velocity } };
  },
});

const optimizers: Readonly<Record<string, (config: JsonObject) => Optimizer>> = { adam, sgd };

/** The optimizer of a setting. Throws a SpecError that names an unknown class or key. */
export function optimizerOf(setting: {
  readonly class_name: string;
  readonly config: JsonObject;
}): Optimizer {
  const name = toSnakeCase(setting.class_name);
  if (!Object.hasOwn(optimizers, name))
    throw new SpecError(
      'optimizer',
      `unknown optimizer ${setting.class_name}; known are ${Object.keys(optimizers).join(', ')}`,
    );
  return optimizers[name]!(setting.config);
}
