import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { beta, common, defineOptimizer, epsilon, towards } from './optimizer.ts';
import type { Slot, Update, UpdateContext } from './optimizer.ts';

const moments: readonly Slot[] = [{ name: 'momentum' }, { name: 'velocity' }];

interface Betas {
  readonly beta_1: number;
  readonly beta_2: number;
  readonly epsilon: number;
}

const betas = { beta_1: beta(0.9), beta_2: beta(0.999), epsilon };

/** The running means of the gradient and of its square. */
function means({ ops, gradient, slots }: UpdateContext, { beta_1, beta_2 }: Betas) {
  return {
    momentum: towards(ops, slots['momentum']!, gradient, 1 - beta_1),
    velocity: towards(ops, slots['velocity']!, ops.square(gradient), 1 - beta_2),
  };
}

function adamUpdate(context: UpdateContext, config: Betas & { amsgrad: boolean }): Update {
  const { ops, variable, learningRate, step, slots } = context;
  const { momentum, velocity } = means(context, config);
  const correction1 = ops.sub(1, ops.pow(config.beta_1, step));
  const correction2 = ops.sub(1, ops.pow(config.beta_2, step));
  const alpha = ops.div(ops.mul(learningRate, ops.sqrt(correction2)), correction1);
  const move = (scale: Value) =>
    ops.sub(variable, ops.div(ops.mul(momentum, alpha), ops.add(ops.sqrt(scale), config.epsilon)));
  if (!config.amsgrad) return { variable: move(velocity), slots: { momentum, velocity } };
  const velocity_hat = ops.max(slots['velocity_hat']!, velocity);
  return { variable: move(velocity_hat), slots: { momentum, velocity, velocity_hat } };
}

const adamSlots = ({ amsgrad }: { amsgrad: boolean }) =>
  amsgrad ? [...moments, { name: 'velocity_hat' }] : moments;

/** Kingma and Ba, 2014, in Keras's form: the bias correction is in the step size, epsilon is outside of it. */
export const adam = defineOptimizer({
  className: 'Adam',
  config: z.strictObject({ ...common(), ...betas, amsgrad: z.boolean().default(false) }),
  slots: adamSlots,
  update: adamUpdate,
});

/** Loshchilov and Hutter, 2017: Adam with decoupled weight decay. */
export const adamW = defineOptimizer({
  className: 'AdamW',
  config: z.strictObject({
    ...common(0.001, 0.004),
    ...betas,
    amsgrad: z.boolean().default(false),
  }),
  slots: adamSlots,
  update: adamUpdate,
});

/** Dozat, 2015: Adam with Nesterov momentum. `u_product` is the product of the momentum schedule so far. */
export const nadam = defineOptimizer({
  className: 'Nadam',
  config: z.strictObject({ ...common(), ...betas }),
  slots: () => moments,
  once: () => ({ u_product: 1 }),
  advance: (ops, once, step, { beta_1 }) => {
    const u = ops.mul(ops.sub(1, ops.mul(ops.pow(0.96, step), 0.5)), beta_1);
    return { u_product: ops.mul(once['u_product']!, u) };
  },
  update(context, config) {
    const { ops, variable, gradient, learningRate, step, slots } = context;
    const { momentum, velocity } = means(context, config);
    const schedule = (at: Value) =>
      ops.mul(ops.sub(1, ops.mul(ops.pow(0.96, at), 0.5)), config.beta_1);
    const u = schedule(step);
    const next = schedule(ops.add(step, 1));
    const product = slots['u_product']!;
    const ahead = ops.div(ops.mul(next, momentum), ops.sub(1, ops.mul(product, next)));
    const now = ops.div(ops.mul(ops.sub(1, u), gradient), ops.sub(1, product));
    const scale = ops.div(velocity, ops.sub(1, ops.pow(config.beta_2, step)));
    const move = ops.div(
      ops.mul(ops.add(ahead, now), learningRate),
      ops.add(ops.sqrt(scale), config.epsilon),
    );
    return { variable: ops.sub(variable, move), slots: { momentum, velocity } };
  },
});

/** Adam with the infinity norm (Kingma and Ba, 2014, section 7). */
export const adamax = defineOptimizer({
  className: 'Adamax',
  config: z.strictObject({ ...common(), ...betas }),
  slots: () => [{ name: 'momentum' }, { name: 'norm' }],
  update({ ops, variable, gradient, learningRate, step, slots }, config) {
    const momentum = towards(ops, slots['momentum']!, gradient, 1 - config.beta_1);
    const norm = ops.max(ops.mul(slots['norm']!, config.beta_2), ops.abs(gradient));
    const correction = ops.sub(1, ops.pow(config.beta_1, step));
    const scale = ops.mul(correction, ops.add(norm, config.epsilon));
    const move = ops.div(ops.mul(learningRate, momentum), scale);
    return { variable: ops.sub(variable, move), slots: { momentum, norm } };
  },
});

/** You et al., 2019: Adam's step scaled to the norm of each variable. */
export const lamb = defineOptimizer({
  className: 'Lamb',
  config: z.strictObject({ ...common(), ...betas }),
  slots: () => moments,
  update(context, config) {
    const { ops, variable, learningRate, step } = context;
    const { momentum, velocity } = means(context, config);
    const mean = ops.div(momentum, ops.sub(1, ops.pow(config.beta_1, step)));
    const scale = ops.sqrt(ops.div(velocity, ops.sub(1, ops.pow(config.beta_2, step))));
    const direction = ops.div(mean, ops.add(scale, config.epsilon));
    const norm = (x: Value) => ops.sqrt(ops.reduceSum(ops.square(x)));
    const ratio = ops.div(norm(variable), norm(direction));
    const both = ops.and(ops.less(0, norm(variable)), ops.less(0, norm(direction)));
    const trust = ops.select(both, ratio, 1);
    const move = ops.mul(ops.mul(trust, learningRate), direction);
    return { variable: ops.sub(variable, move), slots: { momentum, velocity } };
  },
});
