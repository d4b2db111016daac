import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { beta, common, defineOptimizer, epsilon } from './optimizer.ts';

/** Hinton, 2012; `centered` divides by the variance instead of the second moment. */
export const rmsprop = defineOptimizer({
  className: 'RMSprop',
  config: z.strictObject({
    ...common(),
    rho: beta(0.9),
    momentum: z.number().min(0).max(1).default(0),
    epsilon,
    centered: z.boolean().default(false),
  }),
  slots: ({ momentum, centered }) => [
    { name: 'velocity' },
    ...(momentum > 0 ? [{ name: 'momentum' }] : []),
    ...(centered ? [{ name: 'average_gradient' }] : []),
  ],
  update({ ops, variable, gradient, slots, learningRate }, { rho, epsilon, momentum, centered }) {
    const decayed = (old: Value, next: Value) => ops.add(ops.mul(old, rho), ops.mul(next, 1 - rho));
    const velocity = decayed(slots['velocity']!, ops.square(gradient));
    const average_gradient = centered ? decayed(slots['average_gradient']!, gradient) : null;
    const scale = average_gradient ? ops.sub(velocity, ops.square(average_gradient)) : velocity;
    const move = ops.div(ops.mul(learningRate, gradient), ops.sqrt(ops.add(scale, epsilon)));
    const moved = momentum > 0 ? ops.add(ops.mul(slots['momentum']!, momentum), move) : move;
    return {
      variable: ops.sub(variable, moved),
      slots: {
        velocity,
        ...(momentum > 0 && { momentum: moved }),
        ...(average_gradient && { average_gradient }),
      },
    };
  },
});

/** Duchi et al., 2011. */
export const adagrad = defineOptimizer({
  className: 'Adagrad',
  config: z.strictObject({
    ...common(),
    initial_accumulator_value: z.number().nonnegative().default(0.1),
    epsilon,
  }),
  slots: ({ initial_accumulator_value: initial }) => [{ name: 'accumulator', initial }],
  update({ ops, variable, gradient, slots, learningRate }, { epsilon }) {
    const accumulator = ops.add(slots['accumulator']!, ops.square(gradient));
    const scale = ops.sqrt(ops.add(accumulator, epsilon));
    const move = ops.div(ops.mul(learningRate, gradient), scale);
    return { variable: ops.sub(variable, move), slots: { accumulator } };
  },
});

/** Zeiler, 2012. */
export const adadelta = defineOptimizer({
  className: 'Adadelta',
  config: z.strictObject({ ...common(), rho: beta(0.95), epsilon }),
  slots: () => [{ name: 'accumulated_grad' }, { name: 'accumulated_delta_var' }],
  update({ ops, variable, gradient, slots, learningRate }, { rho, epsilon }) {
    const decayed = (old: Value, next: Value) => ops.add(ops.mul(old, rho), ops.mul(next, 1 - rho));
    const root = (x: Value) => ops.sqrt(ops.add(x, epsilon));
    const accumulated_grad = decayed(slots['accumulated_grad']!, ops.square(gradient));
    const before = slots['accumulated_delta_var']!;
    const delta = ops.div(ops.mul(root(before), gradient), root(accumulated_grad));
    const accumulated_delta_var = decayed(before, ops.square(delta));
    return {
      variable: ops.sub(variable, ops.mul(learningRate, delta)),
      slots: { accumulated_grad, accumulated_delta_var },
    };
  },
});

/** Shazeer and Stern, 2018: for matrices the second moment is kept as row and column means. */
export const adafactor = defineOptimizer({
  className: 'Adafactor',
  config: z.strictObject({
    ...common(),
    beta_2_decay: z.number().default(-0.8),
    epsilon_1: z.number().nonnegative().default(1e-30),
    epsilon_2: z.number().nonnegative().default(1e-3),
    clip_threshold: z.number().positive().default(1),
    relative_step: z.boolean().default(true),
  }),
  slots: () => [
    { name: 'r', shape: (shape) => (shape.length < 2 ? [] : shape.slice(0, -1)) },
    {
      name: 'c',
      shape: (shape) => (shape.length < 2 ? [] : [...shape.slice(0, -2), shape.at(-1)!]),
    },
    { name: 'velocity' },
  ],
  update({ ops, variable, gradient, slots, learningRate, step }, config) {
    const rms = (x: Value) => ops.sqrt(ops.reduceMean(ops.square(x)));
    const relative = ops.div(1, ops.sqrt(step));
    const rho = config.relative_step ? ops.min(learningRate, relative) : learningRate;
    const alpha = ops.mul(ops.max(rms(variable), config.epsilon_2), rho);
    const square = ops.add(ops.square(gradient), config.epsilon_1);
    const share = ops.pow(step, config.beta_2_decay);
    const decayed = (old: Value, next: Value) =>
      ops.add(ops.mul(ops.sub(1, share), old), ops.mul(share, next));
    const rank = variable.shape.length;
    const factors =
      rank < 2
        ? { r: slots['r']!, c: slots['c']! }
        : {
            r: decayed(slots['r']!, ops.reduceMean(square, [-1])),
            c: decayed(slots['c']!, ops.reduceMean(square, [-2])),
          };
    const outer = () => {
      const rows = ops.div(factors.r, ops.reduceMean(factors.r, [-1], true));
      const open = (x: Value, axis: number) =>
        ops.reshape(x, [...x.shape.slice(0, axis), 1, ...x.shape.slice(axis)]);
      return ops.mul(open(rows, rank - 1), open(factors.c, rank - 2));
    };
    const velocity = rank < 2 ? decayed(slots['velocity']!, square) : outer();
    const direction = ops.div(gradient, ops.sqrt(velocity));
    const clipped = ops.div(direction, ops.max(ops.div(rms(direction), config.clip_threshold), 1));
    return {
      variable: ops.sub(variable, ops.mul(alpha, clipped)),
      slots: { ...factors, velocity },
    };
  },
});
