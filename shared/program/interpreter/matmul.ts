import { broadcastShapes } from '../shapes.ts';
import { sizeOf, type TensorData } from '../tensor.ts';
import { strided } from './elementwise.ts';
import { broadcastStrides, eachRow, stridesOf } from './strides.ts';

/** Where a matrix lies in an array: its first number, and the step from row to row. */
export interface Matrix {
  readonly data: Float32Array;
  readonly start: number;
  readonly step: number;
}

/**
 * Adds to c [rows, columns] the product of a [rows, inner] and b [inner, columns]. Eight rows of b at a time, so that
 * each number of c is read and written as seldom as one core's registers allow.
 */
export function addProduct(
  c: Matrix,
  a: Matrix,
  b: Matrix,
  rows: number,
  inner: number,
  columns: number,
): void {
  const [to, x, y] = [c.data, a.data, b.data];
  for (let i = 0; i < rows; i++) {
    const out = c.start + i * c.step;
    const row = a.start + i * a.step;
    let k = 0;
    for (; k + 7 < inner; k += 8) {
      const [x0, x1, x2, x3] = [x[row + k]!, x[row + k + 1]!, x[row + k + 2]!, x[row + k + 3]!];
      const [x4, x5, x6, x7] = [x[row + k + 4]!, x[row + k + 5]!, x[row + k + 6]!, x[row + k + 7]!];
      const y0 = b.start + k * b.step;
      const y1 = y0 + b.step;
      const y2 = y1 + b.step;
      const y3 = y2 + b.step;
      const y4 = y3 + b.step;
      const y5 = y4 + b.step;
      const y6 = y5 + b.step;
      const y7 = y6 + b.step;
      for (let j = 0; j < columns; j++)
        to[out + j] =
          to[out + j]! +
          (x0 * y[y0 + j]! + x1 * y[y1 + j]! + x2 * y[y2 + j]! + x3 * y[y3 + j]!) +
          (x4 * y[y4 + j]! + x5 * y[y5 + j]! + x6 * y[y6 + j]! + x7 * y[y7 + j]!);
    }
    for (; k < inner; k++) {
      const x0 = x[row + k]!;
      const y0 = b.start + k * b.step;
      for (let j = 0; j < columns; j++) to[out + j] = to[out + j]! + x0 * y[y0 + j]!;
    }
  }
}

/** [..., M, K] x [..., K, N]; the leading axes broadcast, the flags swap the last two axes first. */
export function matMul(
  a: TensorData,
  b: TensorData,
  { transposeA, transposeB }: { readonly transposeA: boolean; readonly transposeB: boolean },
): TensorData {
  const left = transposeA ? swapped(a) : a;
  const right = transposeB ? swapped(b) : b;
  const [rows, inner] = left.shape.slice(-2) as [number, number];
  const columns = right.shape.at(-1)!;
  const [outerA, outerB] = [left.shape.slice(0, -2), right.shape.slice(0, -2)];
  const outer = broadcastShapes(outerA, outerB) as number[];
  const shape = [...outer, rows, columns];
  const data = new Float32Array(sizeOf(shape));
  const scale = (steps: readonly number[], by: number) => steps.map((step) => step * by);
  let start = 0;
  eachRow(
    [...outer, 1],
    scale(broadcastStrides(outerA, outer), rows * inner),
    scale(broadcastStrides(outerB, outer), inner * columns),
    (i, j) => {
      addProduct(
        { data, start, step: columns },
        { data: left.data as Float32Array, start: i, step: inner },
        { data: right.data as Float32Array, start: j, step: columns },
        rows,
        inner,
        columns,
      );
      start += rows * columns;
    },
  );
  return { shape, dtype: 'float32', data };
}

/** The tensor with its last two axes swapped. */
function swapped(x: TensorData): TensorData {
  const axes = x.shape.map((_, i) => i);
  return transposed(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

/** The tensor with its axes in another order. */
export function transposed(x: TensorData, perm: readonly number[]): TensorData {
  const strides = stridesOf(x.shape);
  const shape = perm.map((axis) => x.shape[axis]!);
  const steps = perm.map((axis) => strides[axis]!);
  return strided(x, shape, steps, 0);
}
