import type { Tensor } from '@tensorflow/tfjs-core';
import type { ConvAttrs } from '../../../../shared/program/attributes.ts';
import type { Tf } from './kernel.ts';

/** Whether the filter's taps lie apart along any axis. */
export function isDilated({ dilations }: ConvAttrs): boolean {
  return dilations.some((dilation) => dilation > 1);
}

/** The size of a filter with zeros between its taps. */
export function spreadSize(kernel: readonly number[], dilations: readonly number[]): number[] {
  return kernel.map((taps, i) => (taps - 1) * dilations[i]! + 1);
}

/** The filter with dilation - 1 zeros between its taps: convolving with it is convolving dilated. */
export function spread(tf: Tf, filter: Tensor, dilations: readonly number[]): Tensor {
  return dilations.reduce((wide, dilation, axis) => {
    const taps = wide.shape[axis]!;
    if (dilation === 1 || taps === 1) return wide;
    const before = wide.shape.slice(0, axis).reduce((a, b) => a * b, 1);
    const columns = tf.reshape(wide, [before, taps, 1, -1]);
    const gaps = tf.pad(columns, [[0, 0], [0, 0], [0, dilation - 1], [0, 0]]); // prettier-ignore
    const full = tf.reshape(gaps, wide.shape.with(axis, taps * dilation));
    const size = full.shape.with(axis, (taps - 1) * dilation + 1);
    return tf.slice(
      full,
      size.map(() => 0),
      size,
    );
  }, filter);
}

/** The inverse of `spread`: the taps without what lies between them. */
export function unspread(tf: Tf, wide: Tensor, dilations: readonly number[]): Tensor {
  const strides = wide.shape.map((_, axis) => dilations[axis] ?? 1);
  return tf.stridedSlice(
    wide,
    strides.map(() => 0),
    wide.shape,
    strides,
  );
}
