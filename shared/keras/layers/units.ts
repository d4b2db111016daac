import { z } from 'zod';
import { broadcastShapes } from '../../program/shapes.ts';
import { compatible, formatShape } from '../../program/tensor.ts';
import { softmax } from '../activations.ts';
import { initializer, optionalObject } from './config.ts';
import { defineLayer, keepsMask } from './layer.ts';

/** Activations that are layers because they have settings or variables of their own. */

/** x where positive, negative_slope * x below. */
export const leakyRelu = defineLayer({
  className: 'LeakyReLU',
  mask: keepsMask,
  config: z.strictObject({ negative_slope: z.number().min(0).default(0.3) }),
  call: ({ ops }, [x], { negative_slope }) =>
    ops.select(ops.less(0, x!), x!, ops.mul(x!, negative_slope)),
});

/** x where positive, alpha * x below, with an alpha that is learnt. */
export const prelu = defineLayer({
  className: 'PReLU',
  mask: keepsMask,
  config: z.strictObject({
    alpha_initializer: initializer('zeros'),
    alpha_regularizer: optionalObject,
    alpha_constraint: optionalObject,
    shared_axes: z
      .union([z.int(), z.array(z.int())])
      .nullish()
      .transform((value) => (value == null ? [] : [value].flat())),
  }),
  variables(config, [input]) {
    const shape = input!.slice(1).map((dim, i) => {
      if (config.shared_axes.includes(i + 1)) return 1;
      if (dim === null) throw new RangeError(`axis ${i + 1} must be known or shared`);
      return dim;
    });
    return [
      {
        name: 'alpha',
        shape,
        initializer: config.alpha_initializer,
        regularizer: config.alpha_regularizer,
        constraint: config.alpha_constraint,
      },
    ];
  },
  call: ({ ops, variable }, [x]) =>
    ops.sub(ops.relu(x!), ops.mul(variable('alpha'), ops.relu(ops.neg(x!)))),
});

/** x where positive, alpha * (exp(x) - 1) below. */
export const elu = defineLayer({
  className: 'ELU',
  mask: keepsMask,
  config: z.strictObject({ alpha: z.number().default(1) }),
  call: ({ ops }, [x], { alpha }) =>
    ops.select(ops.less(0, x!), x!, ops.mul(ops.expm1(ops.min(x!, 0)), alpha)),
});

/** Softmax over one axis or several together. Where a mask is 0, the result is 0. */
export const softmaxLayer = defineLayer({
  className: 'Softmax',
  takesMask: true,
  mask: keepsMask,
  config: z.strictObject({
    axis: z
      .union([z.int(), z.array(z.int())])
      .default(-1)
      .transform((value) => [value].flat()),
  }),
  call({ ops, masks: [mask] }, [x], { axis }) {
    if (!mask) return softmax(ops, x!, axis);
    const shape = broadcastShapes(mask.shape, x!.shape);
    if (!compatible(shape, x!.shape))
      throw new RangeError(
        `the mask ${formatShape(mask.shape)} does not broadcast to ${formatShape(x!.shape)}`,
      );
    const keep = mask.dtype === 'bool' ? mask : ops.less(0.5, ops.cast(mask, 'float32'));
    return ops.select(keep, softmax(ops, ops.select(keep, x!, -1e9), axis), 0);
  },
});
