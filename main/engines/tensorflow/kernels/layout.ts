import type { Tensor } from '@tensorflow/tfjs-core';
import { broadcastShapes } from '../../../../shared/program/shapes.ts';
import type { Kernels, Tf } from './kernel.ts';

type Names =
  | 'reshape'
  | 'transpose'
  | 'broadcast'
  | 'expandLike'
  | 'slice'
  | 'pad'
  | 'concat'
  | 'reverse'
  | 'upsample';

export function layout(tf: Tf): Kernels<Names> {
  return {
    reshape: ([x], { shape }) =>
      tf.reshape(
        x!,
        shape.map((dim) => dim ?? -1),
      ),
    transpose: ([x], { perm }) => tf.transpose(x!, [...perm]),
    broadcast: ([x], { shape }) => tf.broadcastTo(x!, [...shape]),
    expandLike: ([x, like]) =>
      tf.broadcastTo(x!, broadcastShapes(x!.shape, like!.shape) as number[]),
    slice: ([x], { starts, sizes, strides }) => {
      const ends = starts.map((start, axis) => {
        const size = sizes[axis] ?? null;
        return size === null ? x!.shape[axis]! : start + (size - 1) * strides[axis]! + 1;
      });
      return strides.every((stride) => stride === 1)
        ? tf.slice(
            x!,
            [...starts],
            ends.map((end, axis) => end - starts[axis]!),
          )
        : tf.stridedSlice(x!, [...starts], ends, [...strides]);
    },
    pad: ([x], { pads, value }) => {
      const borders = pads.map(([before, after]): [number, number] => [before, after]);
      if (x!.dtype !== 'bool') return tf.pad(x!, borders, value);
      return tf.cast(tf.pad(tf.cast(x!, 'int32'), borders, value), 'bool');
    },
    concat: (inputs, { axis }) => tf.concat([...inputs], axis),
    reverse: ([x], { axes }) => tf.reverse(x!, [...axes]),
    upsample: ([x], { size }) =>
      size.reduce((image, times, i) => repeat(tf, image, i + 1, times), x!),
  };
}

/** Repeats each element along an axis: abc twice is aabbcc. */
function repeat(tf: Tf, x: Tensor, axis: number, times: number): Tensor {
  if (times === 1) return x;
  const before = x.shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const columns = tf.reshape(x, [before, x.shape[axis]!, 1, -1]);
  const repeated = tf.tile(columns, [1, 1, times, 1]);
  return tf.reshape(repeated, x.shape.with(axis, x.shape[axis]! * times));
}
