import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { softmax } from '../activations.ts';
import { initializer, optionalObject } from './config.ts';
import { defineLayer } from './layer.ts';

/** Activations that are layers because they have settings or variables of their own. */

/** x where positive, negative_slope * x below. */
export const leakyRelu = defineLayer({
  className: 'LeakyReLU',
  config: z.strictObject({ negative_slope: z.number().min(0).default(0.3) }),
  call: ({ ops }, [x], { negative_slope }) =>
    ops.select(ops.less(0, x!), x!, ops.mul(x!, negative_slope)),
});

/** x where positive, alpha * x below, with an alpha that is learnt. */
export const prelu = defineLayer({
  className: 'PReLU',
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
  config: z.strictObject({ alpha: z.number().default(1) }),
  call: ({ ops }, [x], { alpha }) =>
    ops.select(ops.less(0, x!), x!, ops.mul(ops.expm1(ops.min(x!, 0)), alpha)),
});

/** Softmax over one axis or several together. Where a mask is 0, the result is 0. */
export const softmaxLayer = defineLayer({
  className: 'Softmax',
  config: z.strictObject({
    axis: z
      .union([z.int(), z.array(z.int())])
      .default(-1)
      .transform((value) => [value].flat()),
  }),
  call({ ops, kwargs }, [x], { axis }) {
    const mask = kwargs['mask'] as Value | undefined;
    if (!mask) return softmax(ops, x!, axis);
    return softmax(ops, ops.add(x!, ops.mul(ops.sub(1, ops.cast(mask, 'float32')), -3e38)), axis);
  },
});
