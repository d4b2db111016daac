import type { REDUCE } from '../../../../shared/program/attributes.ts';
import type { Kernels, Tf } from './kernel.ts';

export function reduction(tf: Tf): Kernels<(typeof REDUCE)[number] | 'argMax' | 'size'> {
  return {
    reduceSum: ([x], { axes, keepDims }) => tf.sum(x!, [...axes], keepDims),
    reduceMean: ([x], { axes, keepDims }) => tf.mean(x!, [...axes], keepDims),
    reduceMax: ([x], { axes, keepDims }) => tf.max(x!, [...axes], keepDims),
    reduceMin: ([x], { axes, keepDims }) => tf.min(x!, [...axes], keepDims),
    reduceProd: ([x], { axes, keepDims }) => tf.prod(x!, [...axes], keepDims),
    argMax: ([x], { axis }) => tf.argMax(x!, axis),
    size: ([x], { axes }) =>
      tf.scalar(axes.reduce((product, axis) => product * x!.shape[axis]!, 1)),
  };
}
