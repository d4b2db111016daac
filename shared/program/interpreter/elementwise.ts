import { broadcastShapes } from '../shapes.ts';
import { sizeOf, zeros, type DType, type TensorData } from '../tensor.ts';
import { broadcastStrides, eachRow } from './strides.ts';

/** One number from each. */
export function mapped(x: TensorData, f: (x: number) => number, dtype = x.dtype): TensorData {
  const data = zeros(dtype, x.data.length);
  for (let i = 0; i < data.length; i++) data[i] = f(x.data[i]!);
  return { shape: x.shape, dtype, data };
}

/** One number from two, with broadcasting. */
export function combined(
  a: TensorData,
  b: TensorData,
  f: (a: number, b: number) => number,
  dtype: DType,
): TensorData {
  const shape = broadcastShapes(a.shape, b.shape) as number[];
  const data = zeros(dtype, sizeOf(shape));
  const [stepsA, stepsB] = [broadcastStrides(a.shape, shape), broadcastStrides(b.shape, shape)];
  const width = shape.at(-1) ?? 1;
  const [stepA, stepB] = [stepsA.at(-1) ?? 0, stepsB.at(-1) ?? 0];
  const [from, by] = [a.data, b.data];
  let to = 0;
  eachRow(shape, stepsA, stepsB, (i, j) => {
    for (let n = 0; n < width; n++, i += stepA, j += stepB) data[to++] = f(from[i]!, by[j]!);
  });
  return { shape, dtype, data };
}

/** x broadcast to a shape. */
export function broadcast(x: TensorData, shape: readonly number[]): TensorData {
  return strided(x, shape, broadcastStrides(x.shape, shape), 0);
}

/** The tensor of this shape whose numbers lie in x from `start` on with these steps. */
export function strided(
  x: TensorData,
  shape: readonly number[],
  steps: readonly number[],
  start: number,
): TensorData {
  const data = zeros(x.dtype, sizeOf(shape));
  const width = shape.at(-1) ?? 1;
  const step = steps.at(-1) ?? 0;
  let to = 0;
  eachRow(shape, steps, steps, (row) => {
    let from = start + row;
    for (let n = 0; n < width; n++, from += step) data[to++] = x.data[from]!;
  });
  return { shape, dtype: x.dtype, data };
}

/** Where the condition holds a, elsewhere b, with broadcasting. */
export function selected(condition: TensorData, a: TensorData, b: TensorData): TensorData {
  const shape = [condition, a, b]
    .map((x) => x.shape as readonly number[])
    .reduce((one, other) => broadcastShapes(one, other) as number[]);
  const [where, yes, no] = [condition, a, b].map((x) => broadcast(x, shape).data);
  const data = zeros(a.dtype, sizeOf(shape));
  for (let i = 0; i < data.length; i++) data[i] = where![i] ? yes![i]! : no![i]!;
  return { shape, dtype: a.dtype, data };
}
