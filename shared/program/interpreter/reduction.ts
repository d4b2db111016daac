import type { REDUCE, ReduceAttrs } from '../attributes.ts';
import { sizeOf, zeros, type TensorData } from '../tensor.ts';
import { eachRow, stridesOf } from './strides.ts';

type Reduction = (typeof REDUCE)[number];

const START: Record<Reduction, number> = {
  reduceSum: 0,
  reduceMean: 0,
  reduceProd: 1,
  reduceMax: -Infinity,
  reduceMin: Infinity,
};

const JOIN: Record<Reduction, (a: number, b: number) => number> = {
  reduceSum: (a, b) => a + b,
  reduceMean: (a, b) => a + b,
  reduceProd: (a, b) => a * b,
  reduceMax: Math.max,
  reduceMin: Math.min,
};

/** Sums, means, products and extremes over axes, in double precision until the end. */
export function reduced(
  kind: Reduction,
  x: TensorData,
  { axes }: ReduceAttrs,
  shape: readonly number[],
): TensorData {
  const over = new Set(axes);
  const kept = x.shape.map((dim, axis) => (over.has(axis) ? 1 : dim));
  const strides = stridesOf(kept).map((step, axis) => (over.has(axis) ? 0 : step));
  const sums = new Float64Array(sizeOf(kept)).fill(START[kind]);
  const join = JOIN[kind];
  const width = x.shape.at(-1) ?? 1;
  const step = strides.at(-1) ?? 0;
  let from = 0;
  eachRow(x.shape, strides, strides, (to) => {
    for (let n = 0; n < width; n++, to += step) sums[to] = join(sums[to]!, x.data[from++]!);
  });
  if (kind === 'reduceMean') {
    const count = x.data.length / sums.length;
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! / count;
  }
  const data = zeros(x.dtype, sums.length);
  data.set(sums);
  return { shape, dtype: x.dtype, data };
}

/** The first of equal largest elements along an axis. */
export function argMax(x: TensorData, axis: number, shape: readonly number[]): TensorData {
  const inner = sizeOf(x.shape.slice(axis + 1));
  const count = x.shape[axis]!;
  const data = new Int32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const start = Math.floor(i / inner) * count * inner + (i % inner);
    let best = 0;
    for (let n = 1; n < count; n++)
      if (x.data[start + n * inner]! > x.data[start + best * inner]!) best = n;
    data[i] = best;
  }
  return { shape, dtype: 'int32', data };
}
