import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { normalizeAxes } from '../../program/shapes.ts';
import type { Shape } from '../../program/tensor.ts';
import type { JsonObject } from '../spec.ts';
import { initializer, optionalObject } from './config.ts';
import { defineLayer, type CallContext, type VariableSpec, keepsMask } from './layer.ts';
import { stepMask } from './sequences.ts';

/** Settings of what is scaled by gamma and moved by beta after it was normalized. */
export const scaleAndCenter = {
  epsilon: z.number().positive().default(0.001),
  center: z.boolean().default(true),
  scale: z.boolean().default(true),
  beta_initializer: initializer('zeros'),
  gamma_initializer: initializer('ones'),
  beta_regularizer: optionalObject,
  gamma_regularizer: optionalObject,
  beta_constraint: optionalObject,
  gamma_constraint: optionalObject,
};
type ScaleAndCenter = z.infer<z.ZodObject<typeof scaleAndCenter>>;

/** gamma and beta, unless they are switched off. */
export function scaleAndCenterVariables(
  config: ScaleAndCenter,
  shape: readonly number[],
): VariableSpec[] {
  const gamma: VariableSpec = {
    name: 'gamma',
    shape,
    initializer: config.gamma_initializer,
    regularizer: config.gamma_regularizer,
    constraint: config.gamma_constraint,
  };
  const beta: VariableSpec = {
    name: 'beta',
    shape,
    initializer: config.beta_initializer,
    regularizer: config.beta_regularizer,
    constraint: config.beta_constraint,
  };
  return [...(config.scale ? [gamma] : []), ...(config.center ? [beta] : [])];
}

/** (x - mean) / sqrt(variance + epsilon) * gamma + beta, all in shapes that broadcast to x. */
function normalize(
  ops: Ops,
  x: Value,
  { mean, variance }: Moments,
  gamma: Value | null,
  beta: Value | null,
  epsilon: number,
): Value {
  const inverse = ops.reciprocal(ops.sqrt(ops.add(variance, epsilon)));
  const centred = ops.sub(x, mean);
  const scaled = ops.mul(centred, gamma ? ops.mul(inverse, gamma) : inverse);
  return beta ? ops.add(scaled, beta) : scaled;
}

interface Moments {
  readonly mean: Value;
  readonly variance: Value;
}

/** Mean and variance over the axes, which stay with size 1. Masked positions do not count. */
function moments(ops: Ops, x: Value, axes: readonly number[], mask: Value | null): Moments {
  if (!mask) {
    const mean = ops.reduceMean(x, axes, true);
    return { mean, variance: ops.reduceMean(ops.square(ops.sub(x, mean)), axes, true) };
  }
  const weights = ops.cast(ops.expandLike(mask, x), 'float32');
  const total = ops.add(ops.reduceSum(weights, axes, true), 1e-7);
  const meanOf = (value: Value) =>
    ops.div(ops.reduceSum(ops.select(mask, value, 0), axes, true), total);
  const mean = meanOf(x);
  return { mean, variance: meanOf(ops.square(ops.sub(x, mean))) };
}

/** A variable over `axes` in the rank of x. */
function alongAxes(
  { ops, variable }: CallContext,
  name: string,
  x: Value,
  axes: readonly number[],
) {
  const value = variable(name);
  if (axes.every((axis, i) => axis === x.shape.length - axes.length + i)) return value;
  return ops.reshape(
    value,
    x.shape.map((_, axis) => value.shape[axes.indexOf(axis)] ?? 1),
  );
}

function knownSizes(shape: Shape, axes: readonly number[]): number[] {
  return axes.map((axis) => {
    const size = shape[axis];
    if (size == null) throw new RangeError(`axis ${axis} of the input must be known`);
    return size;
  });
}

/** Moves a variable towards a new value and gives what it becomes. */
function average({ ops, variable, update }: CallContext, name: string, value: Value, kept: number) {
  const old = variable(name);
  const moved = ops.add(ops.mul(old, kept), ops.mul(ops.reshape(value, old.shape), 1 - kept));
  update(name, moved);
  return moved;
}

interface Renormalization {
  readonly mean: Value;
  readonly stddev: Value;
  readonly rmin?: number | null | undefined;
  readonly rmax?: number | null | undefined;
  readonly dmax?: number | null | undefined;
}

/**
 * The corrections r and d of batch renormalization (Ioffe 2017, equation 1), by which a batch is normalized as the
 * averages would; gradients take them for constants.
 */
function renormalization(
  ops: Ops,
  mean: Value,
  stddev: Value,
  averages: Renormalization,
): [r: Value, d: Value] {
  const { rmin, rmax, dmax } = averages;
  let r = ops.div(stddev, averages.stddev);
  let d = ops.div(ops.sub(mean, averages.mean), averages.stddev);
  if (rmin != null) r = ops.max(r, rmin);
  if (rmax != null) r = ops.min(r, rmax);
  if (dmax != null) d = ops.min(ops.max(d, -dmax), dmax);
  return [ops.stopGradient(r), ops.stopGradient(d)];
}

const bound = z.number().nonnegative().nullish();

/** The initializer of the square root of what another one gives. Throws a RangeError for one that draws numbers. */
function rootOf(initializer: VariableSpec['initializer']): VariableSpec['initializer'] {
  const { class_name, config } = (
    typeof initializer === 'string' ? { class_name: initializer } : initializer
  ) as { class_name: string; config?: JsonObject };
  const value = { zeros: 0, ones: 1, constant: Number(config?.['value'] ?? 0) }[
    class_name.toLowerCase()
  ];
  if (value === undefined || !(value >= 0))
    throw new RangeError(
      `renorm takes moving_variance_initializer zeros, ones or constant from 0 up; got ${class_name}`,
    );
  return { class_name: 'Constant', config: { value: Math.sqrt(value) } };
}

/**
 * Normalizes each channel: while training by the batch's mean and variance, of which it keeps moving averages, else
 * by those averages. Frozen, it does not learn from batches. With `renorm` batches are corrected towards the averages.
 */
export const batchNormalization = defineLayer({
  className: 'BatchNormalization',
  takesMask: true,
  mask: keepsMask,
  config: z.strictObject({
    axis: z.int().default(-1),
    momentum: z.number().default(0.99),
    ...scaleAndCenter,
    moving_mean_initializer: initializer('zeros'),
    moving_variance_initializer: initializer('ones'),
    renorm: z.boolean().default(false),
    renorm_clipping: z
      .strictObject({ rmax: bound, rmin: bound, dmax: bound })
      .refine(({ rmax, rmin }) => rmax == null || rmin == null || rmax >= rmin, {
        error: 'rmax must not be less than rmin',
      })
      .nullish(),
    renorm_momentum: z.number().default(0.99),
    synchronized: z.boolean().default(false),
  }),
  variables(config, [input]) {
    const shape = knownSizes(input!, normalizeAxes([config.axis], input!.length));
    const moving = (name: 'mean' | 'variance'): VariableSpec => ({
      name: `moving_${name}`,
      shape,
      initializer: config[`moving_${name}_initializer`],
      trainable: false,
    });
    const usual = [...scaleAndCenterVariables(config, shape), moving('mean'), moving('variance')];
    if (!config.renorm) return usual;
    const kept = { shape, trainable: false };
    const stddev = rootOf(config.moving_variance_initializer);
    return [
      ...usual,
      { ...kept, name: 'moving_stddev', initializer: stddev },
      { ...kept, name: 'renorm_mean', initializer: config.moving_mean_initializer },
      { ...kept, name: 'renorm_stddev', initializer: stddev },
    ];
  },
  call(context, [x], config) {
    const { ops } = context;
    const axis = normalizeAxes([config.axis], x!.shape.length);
    const along = (name: string) => alongAxes(context, name, x!, axis);
    const learn = context.training && context.trainable;
    const others = x!.shape.map((_, i) => i).filter((i) => i !== axis[0]);
    const used = learn
      ? moments(ops, x!, others, stepMask(context, x!))
      : { mean: along('moving_mean'), variance: along('moving_variance') };
    const { momentum, epsilon, renorm, renorm_clipping, renorm_momentum } = config;
    const gamma = config.scale ? along('gamma') : null;
    const beta = config.center ? along('beta') : null;
    if (learn && renorm) {
      const stddev = ops.sqrt(ops.add(used.variance, epsilon));
      const [r, d] = renormalization(ops, used.mean, stddev, {
        mean: along('renorm_mean'),
        stddev: ops.max(along('renorm_stddev'), Math.sqrt(epsilon)),
        ...renorm_clipping,
      });
      average(context, 'renorm_mean', used.mean, renorm_momentum);
      average(context, 'renorm_stddev', stddev, renorm_momentum);
      average(context, 'moving_mean', used.mean, momentum);
      const moving = average(context, 'moving_stddev', stddev, momentum);
      context.update('moving_variance', ops.relu(ops.sub(ops.square(moving), epsilon)));
      const offset = gamma ? ops.mul(d, gamma) : d;
      return normalize(
        ops,
        x!,
        used,
        gamma ? ops.mul(r, gamma) : r,
        beta ? ops.add(offset, beta) : offset,
        epsilon,
      );
    }
    if (learn)
      for (const name of ['mean', 'variance'] as const)
        average(context, `moving_${name}`, used[name], momentum);
    return normalize(ops, x!, used, gamma, beta, config.epsilon);
  },
});

/** Normalizes each sample over its own `axis` (one or several). */
export const layerNormalization = defineLayer({
  className: 'LayerNormalization',
  mask: keepsMask,
  config: z.strictObject({
    axis: z
      .union([z.int(), z.array(z.int()).min(1)])
      .transform((axis) => (typeof axis === 'number' ? [axis] : axis))
      .default([-1]),
    ...scaleAndCenter,
    rms_scaling: z.boolean().default(false),
  }),
  variables(config, [input]) {
    const shape = knownSizes(input!, normalizeAxes(config.axis, input!.length));
    const rms = config.rms_scaling && { scale: true, center: false };
    return scaleAndCenterVariables({ ...config, ...rms }, shape);
  },
  call(context, [x], config) {
    const { ops } = context;
    const axes = normalizeAxes(config.axis, x!.shape.length);
    const along = (name: string) => alongAxes(context, name, x!, axes);
    const { mean, variance } = moments(ops, x!, axes, null);
    // Keras's own word for it: divided by the deviation, but not centred.
    if (config.rms_scaling)
      return normalize(ops, x!, { mean: ops.mul(mean, 0), variance }, along('gamma'), null, config.epsilon); // prettier-ignore
    const gamma = config.scale ? along('gamma') : null;
    const beta = config.center ? along('beta') : null;
    return normalize(ops, x!, { mean, variance }, gamma, beta, config.epsilon);
  },
});
