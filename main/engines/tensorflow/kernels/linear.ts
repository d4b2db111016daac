import type { Tensor } from '@tensorflow/tfjs-core';
import { broadcastShapes } from '../../../../shared/program/shapes.ts';
import type { Kernels, Tf } from './kernel.ts';

export function linear(
  tf: Tf,
): Kernels<'matMul' | 'gather' | 'gatherGrad' | 'positions' | 'oneHot'> {
  return {
    matMul: ([a, b], { transposeA, transposeB }) => {
      const [m, n] = [a!.shape.at(transposeA ? -1 : -2)!, b!.shape.at(transposeB ? -2 : -1)!];
      // One matrix for all rows: a single, larger product.
      if (b!.rank === 2 && a!.rank > 2 && !transposeA) {
        const rows = tf.reshape(a!, [-1, a!.shape.at(-1)!]);
        const product = tf.matMul(rows, b!, false, transposeB);
        return tf.reshape(product, [...a!.shape.slice(0, -1), n]);
      }
      // The JavaScript backend pairs batches wrongly when it broadcasts, so they are made equal first.
      const leading = broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2)) as number[];
      const product = tf.matMul(
        batch(tf, a!, leading),
        batch(tf, b!, leading),
        transposeA,
        transposeB,
      );
      return tf.reshape(product, [...leading, m, n]);
    },

    gather: ([table, indices]) => {
      const rows = tf.gather(table!, tf.reshape(indices!, [-1]));
      return tf.reshape(rows, [...indices!.shape, ...table!.shape.slice(1)]);
    },
    // Scattering adds up rows that are named twice; unsortedSegmentSum of the JavaScript backend is quadratic.
    gatherGrad: ([dy, indices, table], { rows }) => {
      const rest = dy!.shape.slice(indices!.rank);
      const places = tf.reshape(indices!, [-1, 1]);
      const updates = tf.reshape(dy!, [indices!.size, ...rest]);
      return tf.scatterND(places as never, updates, [rows ?? table!.shape[0]!, ...rest]);
    },
    positions: ([x], { axis }) => tf.range(0, x!.shape[axis]!, 1, 'int32'),
    // The kernel itself: `tf.oneHot` refuses a depth of 1.
    oneHot: ([indices], { depth }) =>
      tf
        .engine()
        .runKernel(
          'OneHot',
          { indices: indices! },
          { depth, onValue: 1, offValue: 0, dtype: 'float32' },
        ),
  };
}

/** The matrices as one batch with these leading dimensions, which become one. */
function batch(tf: Tf, x: Tensor, leading: readonly number[]): Tensor {
  const matrix = x.shape.slice(-2);
  const full = tf.broadcastTo(x, [...leading, ...matrix]);
  return leading.length === 0 ? full : tf.reshape(full, [-1, ...matrix]);
}
