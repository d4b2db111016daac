import { z } from 'zod';
import { beta, common, defineOptimizer, type Update } from './optimizer.ts';

/** Stochastic gradient descent, with Keras's momentum. */
export const sgd = defineOptimizer({
  className: 'SGD',
  config: z.strictObject({
    ...common(0.01),
    momentum: z.number().min(0).max(1).default(0),
    nesterov: z.boolean().default(false),
  }),
  slots: ({ momentum }) => (momentum === 0 ? [] : [{ name: 'momentum' }]),
  update({ ops, variable, gradient, slots, learningRate }, { momentum, nesterov }): Update {
    const move = ops.mul(gradient, learningRate);
    if (momentum === 0) return { variable: ops.sub(variable, move), slots: {} };
    const velocity = ops.sub(ops.mul(slots['momentum']!, momentum), move);
    const applied = nesterov ? ops.sub(ops.mul(velocity, momentum), move) : velocity;
    return { variable: ops.add(variable, applied), slots: { momentum: velocity } };
  },
});

/** Chen et al., 2023: only the sign of the momentum moves a variable. */
export const lion = defineOptimizer({
  className: 'Lion',
  config: z.strictObject({ ...common(), beta_1: beta(0.9), beta_2: beta(0.99) }),
  slots: () => [{ name: 'momentum' }],
  update({ ops, variable, gradient, slots, learningRate }, { beta_1, beta_2 }) {
    const mixed = (share: number) =>
      ops.add(ops.mul(slots['momentum']!, share), ops.mul(gradient, 1 - share));
    const move = ops.mul(learningRate, ops.sign(mixed(beta_1)));
    return { variable: ops.sub(variable, move), slots: { momentum: mixed(beta_2) } };
  },
});

/** McMahan et al., 2013: follow the regularized leader. */
export const ftrl = defineOptimizer({
  className: 'Ftrl',
  config: z.strictObject({
    ...common(),
    learning_rate_power: z.number().max(0).default(-0.5),
    initial_accumulator_value: z.number().nonnegative().default(0.1),
    l1_regularization_strength: z.number().nonnegative().default(0),
    l2_regularization_strength: z.number().nonnegative().default(0),
    l2_shrinkage_regularization_strength: z.number().nonnegative().default(0),
    beta: z.number().default(0),
  }),
  slots: ({ initial_accumulator_value: initial }) => [
    { name: 'accumulator', initial },
    { name: 'linear' },
  ],
  update({ ops, variable, gradient, slots, learningRate }, config) {
    const power = -config.learning_rate_power;
    const l1 = config.l1_regularization_strength;
    const l2 = ops.add(ops.div(config.beta / 2, learningRate), config.l2_regularization_strength);
    const shrinkage = ops.mul(variable, 2 * config.l2_shrinkage_regularization_strength);
    const before = slots['accumulator']!;
    const accumulator = ops.add(before, ops.square(gradient));
    const growth = ops.sub(ops.pow(accumulator, power), ops.pow(before, power));
    const linear = ops.add(
      slots['linear']!,
      ops.sub(ops.add(gradient, shrinkage), ops.mul(ops.div(growth, learningRate), variable)),
    );
    const quadratic = ops.add(ops.div(ops.pow(accumulator, power), learningRate), ops.mul(l2, 2));
    const clipped = ops.min(ops.max(linear, -l1), l1);
    return {
      variable: ops.div(ops.sub(clipped, linear), quadratic),
      slots: { accumulator, linear },
    };
  },
});
