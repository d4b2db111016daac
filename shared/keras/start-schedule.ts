import type { JsonObject } from './spec.ts';

/** A schedule of Keras to begin with: from this rate on, over so many updates. */
export function startSchedule(class_name: string, rate: number, steps: number): JsonObject {
  const whole = Math.max(1, Math.round(steps));
  const part = Math.max(1, Math.round(steps / 10));
  const configs: Readonly<Record<string, JsonObject>> = {
    ExponentialDecay: { initial_learning_rate: rate, decay_steps: part, decay_rate: 0.9 },
    InverseTimeDecay: { initial_learning_rate: rate, decay_steps: part, decay_rate: 0.5 },
    PiecewiseConstantDecay: {
      boundaries: [Math.round(whole / 2), Math.round((whole * 3) / 4)],
      values: [rate, rate / 10, rate / 100],
    },
    PolynomialDecay: { initial_learning_rate: rate, decay_steps: whole, end_learning_rate: 0 },
    CosineDecay: { initial_learning_rate: rate, decay_steps: whole },
    CosineDecayRestarts: { initial_learning_rate: rate, first_decay_steps: part },
  };
  return { class_name, config: configs[class_name] ?? {} };
}
