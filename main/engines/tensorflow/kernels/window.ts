import type { Tensor } from '@tensorflow/tfjs-core';
import { windowPads, type Padding } from '../../../../shared/program/shapes.ts';
import type { Tf } from './kernel.ts';

/** [before, after] of each spatial axis. */
export type Borders = readonly (readonly [number, number])[];

/** Padding of [N, ...spatial, C] with `value`. */
export function padSpatial(tf: Tf, x: Tensor, borders: Borders, value: number): Tensor {
  if (borders.every(([before, after]) => before === 0 && after === 0)) return x;
  return tf.pad(x, [[0, 0], ...borders.map(([a, b]): [number, number] => [a, b]), [0, 0]], value);
}

/** The middle of [N, ...spatial, C]: the inverse of padding. */
export function cropSpatial(tf: Tf, x: Tensor, borders: Borders): Tensor {
  if (borders.every(([before, after]) => before === 0 && after === 0)) return x;
  const begin = [0, ...borders.map(([before]) => before), 0];
  const size = x.shape.map((dim, axis) => {
    const [before, after] = borders[axis - 1] ?? [0, 0];
    return dim - before - after;
  });
  return tf.slice(x, begin, size);
}

/** The borders that a padding means for these sizes, without dilation. */
export function bordersOf(
  sizes: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  padding: Padding,
): Borders {
  return sizes.map((size, i) => windowPads(size, kernel[i]!, strides[i]!, 1, padding, i));
}

/** Spatial sizes with their borders. */
export function padded(sizes: readonly number[], borders: Borders): number[] {
  return sizes.map((size, i) => size + borders[i]![0] + borders[i]![1]);
}

/** A plane one row high in place of a line, since tfjs has no one-dimensional kernels: [N, L, C] -> [N, 1, L, C]. */
export function raise(tf: Tf, x: Tensor): Tensor {
  return tf.reshape(x, [x.shape[0]!, 1, ...x.shape.slice(1)]);
}

/** The inverse of `raise`. */
export function lower(tf: Tf, x: Tensor): Tensor {
  return tf.reshape(x, [x.shape[0]!, ...x.shape.slice(2)]);
}

/** The padding of a raised line. */
export function raisePadding(padding: Padding): Padding {
  return typeof padding === 'string' ? padding : [[0, 0], ...padding];
}
