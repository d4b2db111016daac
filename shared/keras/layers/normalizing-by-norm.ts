import { z } from 'zod';
import { normalizeAxes } from '../../program/shapes.ts';
import { defineLayer, keepsMask } from './layer.ts';
import { scaleAndCenter, scaleAndCenterVariables } from './normalizing.ts';

const axes = z
  .union([z.int(), z.array(z.int())])
  .default(-1)
  .transform((value) => [value].flat());

/** x over its Euclidean length along the axes. */
export const unitNormalization = defineLayer({
  className: 'UnitNormalization',
  mask: keepsMask,
  config: z.strictObject({ axis: axes }),
  call({ ops }, [x], { axis }) {
    // Keras keeps the length off 0 by 1e-12.
    const squares = ops.max(ops.reduceSum(ops.square(x!), axis, true), 1e-24);
    return ops.div(x!, ops.sqrt(squares));
  },
});

/** x over its root mean square along the axes, times a scale. */
export const rmsNormalization = defineLayer({
  className: 'RMSNormalization',
  config: z.strictObject({ axis: axes, epsilon: z.number().positive().default(1e-6) }),
  variables({ axis }, [input]) {
    const shape = normalizeAxes(axis, input!.length).map((one) => {
      const size = input![one];
      if (size == null) throw new RangeError(`axis ${one} of the input must be known`);
      return size;
    });
    return [{ name: 'scale', shape, initializer: 'ones' }];
  },
  call({ ops, variable }, [x], { axis, epsilon }) {
    const along = normalizeAxes(axis, x!.shape.length);
    const scale = variable('scale');
    const shape = x!.shape.map((_, one) => scale.shape[along.indexOf(one)] ?? 1);
    const mean = ops.reduceMean(ops.square(x!), along, true);
    const inverse = ops.reciprocal(ops.sqrt(ops.add(mean, epsilon)));
    return ops.mul(ops.mul(x!, inverse), ops.reshape(scale, shape));
  },
});

/** Each group of channels of a sample by its own mean and variance (Wu and He, 2018). */
export const groupNormalization = defineLayer({
  className: 'GroupNormalization',
  mask: keepsMask,
  config: z.strictObject({
    groups: z.union([z.int().positive(), z.literal(-1)]).default(32),
    axis: z.int().default(-1),
    ...scaleAndCenter,
  }),
  variables(config, [input]) {
    return scaleAndCenterVariables(config, [channelsAt(input!, config.axis)]);
  },
  call({ ops, variable }, [x], config) {
    const rank = x!.shape.length;
    const [axis] = normalizeAxes([config.axis], rank) as [number];
    const channels = channelsAt(x!.shape, axis);
    const groups = config.groups === -1 ? channels : config.groups;
    if (channels % groups)
      throw new RangeError(`${groups} groups must divide ${channels} channels`);
    const split = [
      ...x!.shape.slice(0, axis),
      groups,
      channels / groups,
      ...x!.shape.slice(axis + 1),
    ];
    const grouped = ops.reshape(x!, split);
    const within = split.map((_, i) => i).filter((i) => i !== 0 && i !== axis);
    const mean = ops.reduceMean(grouped, within, true);
    const centred = ops.sub(grouped, mean);
    const variance = ops.reduceMean(ops.square(centred), within, true);
    const inverse = ops.reciprocal(ops.sqrt(ops.add(variance, config.epsilon)));
    const normal = ops.reshape(ops.mul(centred, inverse), x!.shape);
    const across = x!.shape.map((_, i) => (i === axis ? channels : 1));
    const scaled = config.scale ? ops.mul(normal, ops.reshape(variable('gamma'), across)) : normal;
    return config.center ? ops.add(scaled, ops.reshape(variable('beta'), across)) : scaled;
  },
});

function channelsAt(shape: readonly (number | null)[], axis: number): number {
  const channels = shape.at(axis);
  if (channels == null) throw new RangeError(`axis ${axis} of the input must be known`);
  return channels;
}
