import type { NamedAttrMap, Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import type { PoolAttrs } from '../../../../shared/program/attributes.ts';
import type { Kernels, Tf } from './kernel.ts';
import {
  bordersOf,
  cropSpatial,
  lower,
  padded,
  padSpatial,
  raise,
  raisePadding,
  type Borders,
} from './window.ts';

type Two = [number, number];
type Three = [number, number, number];

/** Pools and their gradients. Padding is made explicit where the kernels would count it or can't take it. */
export function pooling(tf: Tf): Kernels<'maxPool' | 'maxPoolGrad' | 'avgPool' | 'avgPoolGrad'> {
  const gradient = (kernel: string, inputs: Record<string, Tensor>, attrs: PoolAttrs): Tensor =>
    tf
      .engine()
      .runKernel(attrs.poolSize.length === 3 ? kernel.replace('Pool', 'Pool3D') : kernel, inputs, {
        filterSize: [...attrs.poolSize],
        strides: [...attrs.strides],
        pad: attrs.padding as string,
      } satisfies NamedAttrMap);

  function maxPool(x: Tensor, attrs: PoolAttrs): Tensor {
    const { poolSize, strides, padding } = attrs;
    if (poolSize.length === 1) return lower(tf, maxPool(raise(tf, x), up(attrs)));
    if (typeof padding !== 'string')
      return maxPool(padSpatial(tf, x, padding, -Infinity), { ...attrs, padding: 'valid' });
    if (poolSize.length === 2)
      return tf.maxPool(x as Tensor4D, poolSize as Two, strides as Two, padding);
    // In 3D tfjs takes off at the borders what a stride leaves, where `same` is left to it.
    const borders = bordersOf(x.shape.slice(1, -1), poolSize, strides, padding);
    const input = padSpatial(tf, x, borders, -Infinity) as Tensor5D;
    return tf.maxPool3d(input, poolSize as Three, strides as Three, 'valid');
  }

  function maxPoolGrad(x: Tensor, y: Tensor, dy: Tensor, attrs: PoolAttrs): Tensor {
    const { padding } = attrs;
    if (attrs.poolSize.length === 1)
      return lower(tf, maxPoolGrad(raise(tf, x), raise(tf, y), raise(tf, dy), up(attrs)));
    if (attrs.poolSize.length === 3) return maxPoolGrad3d(x, y, dy, attrs);
    if (typeof padding === 'string')
      return gradient('MaxPoolGrad', { dy, input: x, output: y }, attrs);
    const input = padSpatial(tf, x, padding, -Infinity);
    const valid = { ...attrs, padding: 'valid' } as const;
    return cropSpatial(tf, gradient('MaxPoolGrad', { dy, input, output: y }, valid), padding);
  }

  /**
   * The pool over planes first, then over depth, as two pools over two axes: the first largest of a window is the
   * first largest of the first plane that has it. tfjs's own kernel takes the last one.
   */
  function maxPoolGrad3d(x: Tensor, y: Tensor, dy: Tensor, attrs: PoolAttrs): Tensor {
    const { poolSize, strides, padding } = attrs;
    const [n, d, h, w, c] = x.shape as [number, number, number, number, number];
    const inPlane = {
      poolSize: poolSize.slice(1),
      strides: strides.slice(1),
      padding: typeof padding === 'string' ? padding : padding.slice(1),
    };
    const inDepth: PoolAttrs = {
      poolSize: [poolSize[0]!, 1],
      strides: [strides[0]!, 1],
      padding: typeof padding === 'string' ? padding : [padding[0]!, [0, 0]],
    };
    const planes = tf.reshape(x, [n * d, h, w, c]);
    const pooled = maxPool(planes, inPlane);
    const flat = [n, y.shape[1]!, -1, c];
    const dColumns = maxPoolGrad(
      tf.reshape(pooled, [n, d, -1, c]),
      tf.reshape(y, flat),
      tf.reshape(dy, flat),
      inDepth,
    );
    const dPlanes = maxPoolGrad(planes, pooled, tf.reshape(dColumns, pooled.shape), inPlane);
    return tf.reshape(dPlanes, x.shape);
  }

  function avgPool(x: Tensor, attrs: PoolAttrs): Tensor {
    const { poolSize, strides, padding } = attrs;
    if (poolSize.length === 1) return lower(tf, avgPool(raise(tf, x), up(attrs)));
    const borders = bordersOf(x.shape.slice(1, -1), poolSize, strides, padding);
    const input = padSpatial(tf, x, borders, 0);
    const mean =
      poolSize.length === 3
        ? tf.avgPool3d(input as Tensor5D, poolSize as Three, strides as Three, 'valid')
        : tf.avgPool(input as Tensor4D, poolSize as Two, strides as Two, 'valid');
    return rescale(mean, borders, x.shape.slice(1, -1), attrs);
  }

  function avgPoolGrad(dy: Tensor, inputSize: readonly number[], attrs: PoolAttrs): Tensor {
    const { poolSize, strides, padding } = attrs;
    if (poolSize.length === 1)
      return lower(tf, avgPoolGrad(raise(tf, dy), [1, ...inputSize], up(attrs)));
    const borders = bordersOf(inputSize, poolSize, strides, padding);
    const scaled = rescale(dy, borders, inputSize, attrs);
    const shape = [dy.shape[0]!, ...padded(inputSize, borders), dy.shape.at(-1)!];
    const dx = gradient(
      'AvgPoolGrad',
      { dy: scaled, input: tf.zeros(shape) },
      { ...attrs, padding: 'valid' },
    );
    return cropSpatial(tf, dx, borders);
  }

  /** Times how many more taps each window has than elements that are not padding. */
  function rescale(
    y: Tensor,
    borders: Borders,
    inputSize: readonly number[],
    { poolSize, strides }: PoolAttrs,
  ): Tensor {
    return poolSize.reduce((product, taps, i) => {
      const [before, after] = borders[i]!;
      if (before === 0 && after === 0) return product;
      const factors = Array.from({ length: y.shape[i + 1]! }, (_, out) => {
        const start = out * strides[i]! - before;
        return taps / (Math.min(start + taps, inputSize[i]!) - Math.max(start, 0));
      });
      const shape = y.shape.map((dim, axis) => (axis === i + 1 ? dim : 1));
      return tf.mul(product, tf.tensor(factors, shape));
    }, y);
  }

  return {
    maxPool: ([x], attrs) => maxPool(x!, attrs),
    maxPoolGrad: ([x, y, dy], attrs) => maxPoolGrad(x!, y!, dy!, attrs),
    avgPool: ([x], attrs) => avgPool(x!, attrs),
    avgPoolGrad: ([dy], attrs) => avgPoolGrad(dy!, attrs.inputSize as number[], attrs),
  };
}

/** The window of a line as that of a plane one row high. */
function up(attrs: PoolAttrs): PoolAttrs {
  return {
    poolSize: [1, ...attrs.poolSize],
    strides: [1, ...attrs.strides],
    padding: raisePadding(attrs.padding),
  };
}
