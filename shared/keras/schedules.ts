import { z } from 'zod';
import { SpecError, type Json } from './spec.ts';

/** The learning rate at an update; updates count from 0. */
export type LearningRate = (update: number) => number;

const rate = z.number().nonnegative();
const steps = z.number().positive();
const name = z.string().optional();

function schedule<S extends z.ZodType>(
  config: S,
  at: (config: z.infer<S>, update: number) => number,
) {
  const create = (given: unknown): LearningRate => {
    const parsed = config.parse(given ?? {});
    return (update) => at(parsed, update);
  };
  return { config, create };
}

const decay = z.strictObject({
  initial_learning_rate: rate,
  decay_steps: steps,
  decay_rate: rate,
  staircase: z.boolean().default(false),
  name,
});

const periods = (update: number, decay_steps: number, staircase: boolean) =>
  staircase ? Math.floor(update / decay_steps) : update / decay_steps;

/** Keras's schedules; formulas as in keras.src.optimizers.schedules.learning_rate_schedule. */
export const schedules = {
  ExponentialDecay: schedule(decay, (c, update) => {
    const power = periods(update, c.decay_steps, c.staircase);
    return c.initial_learning_rate * c.decay_rate ** power;
  }),
  InverseTimeDecay: schedule(decay, (c, update) => {
    const share = periods(update, c.decay_steps, c.staircase);
    return c.initial_learning_rate / (1 + c.decay_rate * share);
  }),
  PiecewiseConstantDecay: schedule(
    z
      .strictObject({ boundaries: z.array(z.number()), values: z.array(rate), name })
      .refine(
        ({ boundaries, values }) => values.length === boundaries.length + 1,
        'values must hold one more number than boundaries',
      ),
    ({ boundaries, values }, update) => {
      const at = boundaries.findIndex((boundary) => update <= boundary);
      return values[at === -1 ? boundaries.length : at]!;
    },
  ),
  PolynomialDecay: schedule(
    z.strictObject({
      initial_learning_rate: rate,
      decay_steps: steps,
      end_learning_rate: rate.default(0.0001),
      power: z.number().default(1),
      cycle: z.boolean().default(false),
      name,
    }),
    (c, update) => {
      const cycles = c.cycle && update > 0 ? Math.ceil(update / c.decay_steps) : 1;
      const length = c.decay_steps * cycles;
      const left = 1 - Math.min(update, length) / length;
      const range = c.initial_learning_rate - c.end_learning_rate;
      return range * left ** c.power + c.end_learning_rate;
    },
  ),
  CosineDecay: schedule(
    z.strictObject({
      initial_learning_rate: rate,
      decay_steps: steps,
      alpha: rate.default(0),
      warmup_target: rate.nullish(),
      warmup_steps: z.number().nonnegative().default(0),
      name,
    }),
    (
      { initial_learning_rate: initial, warmup_target: target, warmup_steps: warmup, ...c },
      update,
    ) => {
      if (target != null && update < warmup)
        return initial + ((target - initial) * update) / warmup;
      const start = target ?? initial;
      const past = target == null ? update : update - warmup;
      const cosine = (1 + Math.cos((Math.PI * Math.min(past, c.decay_steps)) / c.decay_steps)) / 2;
      return start * ((1 - c.alpha) * cosine + c.alpha);
    },
  ),
  CosineDecayRestarts: schedule(
    z.strictObject({
      initial_learning_rate: rate,
      first_decay_steps: steps,
      t_mul: z.number().positive().default(2),
      m_mul: z.number().nonnegative().default(1),
      alpha: rate.default(0),
      name,
    }),
    (c, update) => {
      const done = update / c.first_decay_steps;
      const restarts =
        c.t_mul === 1
          ? Math.floor(done)
          : Math.floor(Math.log(1 - done * (1 - c.t_mul)) / Math.log(c.t_mul));
      const before = c.t_mul === 1 ? restarts : (1 - c.t_mul ** restarts) / (1 - c.t_mul);
      const share = (done - before) / c.t_mul ** restarts;
      const cosine = 0.5 * c.m_mul ** restarts * (1 + Math.cos(Math.PI * share));
      return c.initial_learning_rate * ((1 - c.alpha) * cosine + c.alpha);
    },
  ),
};

/** A number or a Keras schedule `{class_name, config}` as a function of the update. Throws a SpecError otherwise. */
export function learningRateOf(setting: Json): LearningRate {
  if (typeof setting === 'number') return () => setting;
  const given = setting as { class_name?: unknown; config?: unknown } | null;
  const className = String(given?.class_name);
  if (!Object.hasOwn(schedules, className))
    throw new SpecError(
      'optimizer.learning_rate',
      `expected a number or one of ${Object.keys(schedules).join(', ')}; got ${className}`,
    );
  try {
    return schedules[className as keyof typeof schedules].create(given!.config);
  } catch (error) {
    const issue = (error as z.ZodError).issues[0]!;
    throw new SpecError(
      'optimizer.learning_rate',
      [className, ...issue.path].join('.') + `: ${issue.message}`,
    );
  }
}
