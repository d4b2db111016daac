import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import {
  formatShape,
  sizeOf,
  type Dim,
  type Shape,
  type TensorData,
} from '../../program/tensor.ts';
import { dataFormat, sizes } from './config.ts';
import { defineLayer, keepsMask } from './layer.ts';

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
  anyType: true,
  config: z.strictObject({ target_shape: z.array(z.union([z.int().positive(), z.literal(-1)])) }),
  call: ({ ops }, [x], { target_shape }) =>
    ops.reshape(x!, [x!.shape[0]!, ...resolveTarget(x!.shape, target_shape)]),
});

export const flatten = defineLayer({
  className: 'Flatten',
  anyType: true,
  config: z.strictObject({ data_format: dataFormat }),
  call: ({ ops }, [x]) => ops.reshape(x!, [x!.shape[0]!, sizeOf(x!.shape.slice(1))]),
});

export const permute = defineLayer({
  className: 'Permute',
  anyType: true,
  config: z.strictObject({ dims: z.array(z.int().positive()) }),
  call({ ops }, [x], { dims }) {
    const wanted = dims.map((_, i) => i + 1);
    if (
      String([...dims].sort((a, b) => a - b)) !== String(wanted) ||
      dims.length !== x!.shape.length - 1
    )
      throw new RangeError(`dims must order axes 1 to ${x!.shape.length - 1}; got [${dims}]`);
    return ops.transpose(x!, [0, ...dims]);
  },
});

/** The input n times, one after the other, as a sequence. */
export const repeatVector = defineLayer({
  className: 'RepeatVector',
  anyType: true,
  config: z.strictObject({ n: z.int().positive() }),
  call({ ops }, [x], { n }) {
    if (x!.shape.length !== 2)
      throw new RangeError(`takes (batch, features); got ${formatShape(x!.shape)}`);
    return ops.upsample(ops.reshape(x!, [x!.shape[0]!, 1, x!.shape[1]!]), [n]);
  },
});

export const identity = defineLayer({
  className: 'Identity',
  anyType: true,
  mask: keepsMask,
  config: z.strictObject({}),
  call: (_, [x]) => x!,
});

/** Each position `size` times along each of n axes. */
function upSampling(className: string, n: number) {
  return defineLayer({
    className,
    config: z.strictObject({ size: sizes(n, 2), data_format: dataFormat }),
    call: ({ ops }, [x], { size }) => ops.upsample(x!, size),
  });
}

export const upSampling1d = upSampling('UpSampling1D', 1);
export const upSampling3d = upSampling('UpSampling3D', 3);

export const upSampling2d = defineLayer({
  className: 'UpSampling2D',
  config: z.strictObject({
    size: sizes(2, 2),
    data_format: dataFormat,
    interpolation: z.enum(['nearest', 'bilinear']).default('nearest'),
  }),
  call: ({ ops }, [x], { size, interpolation }) =>
    interpolation === 'nearest' ? ops.upsample(x!, size) : upsampleBilinear(ops, x!, size),
});

/** Linear interpolation between pixel centres along both axes: a matrix product an axis. */
function upsampleBilinear(ops: Ops, x: Value, size: readonly number[]): Value {
  const [batch, height, width, channels] = x.shape;
  if (height == null || width == null || channels == null)
    throw new RangeError('bilinear interpolation needs an image of known size');
  const tall = height * size[0]!;
  const rows = ops.reshape(x, [batch!, height, width * channels]);
  const taller = ops.matMul(ops.constant(linearWeights(height, tall)), rows);
  const columns = ops.reshape(taller, [batch!, tall, width, channels]);
  return ops.matMul(ops.constant(linearWeights(width, width * size[1]!)), columns);
}

/** [to, from]: how much of each element goes into each new one; beyond the border the last one goes on. */
function linearWeights(from: number, to: number): TensorData {
  const data = new Float32Array(to * from);
  for (let i = 0; i < to; i++) {
    const at = Math.min(Math.max(((i + 0.5) * from) / to - 0.5, 0), from - 1);
    const before = Math.min(Math.floor(at), from - 1);
    const after = Math.min(before + 1, from - 1);
    data[i * from + before]! += 1 - (at - before);
    data[i * from + after]! += at - before;
  }
  return { shape: [to, from], dtype: 'float32', data };
}
