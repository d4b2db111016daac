import { z } from 'zod';
import { formatShape, sizeOf, type Dim, type Shape } from '../../program/tensor.ts';
import { dataFormat, sizes } from './config.ts';
import { defineLayer } from './layer.ts';

/** Fills the one -1 of a target shape. */
function resolveTarget(input: Shape, target: readonly number[]): Dim[] {
  const open = target.filter((dim) => dim === -1).length;
  const size = sizeOf(input.slice(1));
  const known = target.reduce((product, dim) => (dim === -1 ? product : product * dim), 1);
  if (open > 1) throw new RangeError('target_shape can hold one -1');
  if (size !== null && (open ? size % known !== 0 : size !== known))
    throw new RangeError(`${formatShape(input.slice(1))} does not fill ${formatShape(target)}`);
  return target.map((dim) => (dim !== -1 ? dim : size === null ? null : size / known));
}

export const reshape = defineLayer({
  className: 'Reshape',
  config: z.strictObject({ target_shape: z.array(z.union([z.int().positive(), z.literal(-1)])) }),
  call: ({ ops }, [x], { target_shape }) =>
    ops.reshape(x!, [x!.shape[0]!, ...resolveTarget(x!.shape, target_shape)]),
});

export const flatten = defineLayer({
  className: 'Flatten',
  config: z.strictObject({ data_format: dataFormat }),
  call: ({ ops }, [x]) => ops.reshape(x!, [x!.shape[0]!, sizeOf(x!.shape.slice(1))]),
});

export const upSampling2d = defineLayer({
  className: 'UpSampling2D',
  config: z.strictObject({
    size: sizes(2, 2),
    data_format: dataFormat,
    interpolation: z.literal('nearest').default('nearest'),
  }),
  call: ({ ops }, [x], { size }) => ops.upsample(x!, size),
});
