import type { OpAttrs } from '../attributes.ts';
import { sizeOf, zeros, type TensorData } from '../tensor.ts';
import { strided } from './elementwise.ts';
import { eachRow, stridesOf } from './strides.ts';

/** A part of x, by a start, a size (null: to the end) and a stride on each axis. */
export function slice(x: TensorData, { starts, sizes, strides }: OpAttrs['slice']): TensorData {
  const own = stridesOf(x.shape);
  const start = starts.reduce((sum, at, axis) => sum + at * own[axis]!, 0);
  const steps = own.map((step, axis) => step * strides[axis]!);
  const shape = x.shape.map(
    (dim, axis) => sizes[axis] ?? Math.max(0, Math.ceil((dim - starts[axis]!) / strides[axis]!)),
  );
  return strided(x, shape, steps, start);
}

/** x with some axes turned around. */
export function reverse(x: TensorData, axes: readonly number[]): TensorData {
  const own = stridesOf(x.shape);
  const start = axes.reduce((sum, axis) => sum + (x.shape[axis]! - 1) * own[axis]!, 0);
  const steps = own.map((step, axis) => (axes.includes(axis) ? -step : step));
  return strided(x, x.shape, steps, start);
}

/** x amid a value. */
export function pad(
  x: TensorData,
  { pads, value }: OpAttrs['pad'],
  shape: readonly number[],
): TensorData {
  const data = zeros(x.dtype, sizeOf(shape)).fill(value);
  const start = pads.map(([before]) => before);
  place(x, { shape, dtype: x.dtype, data }, start);
  return { shape, dtype: x.dtype, data };
}

/** Tensors one behind the other along an axis. */
export function concat(
  inputs: readonly TensorData[],
  axis: number,
  shape: readonly number[],
): TensorData {
  const { dtype } = inputs[0]!;
  const whole = { shape, dtype, data: zeros(dtype, sizeOf(shape)) };
  let at = 0;
  for (const x of inputs) {
    place(
      x,
      whole,
      shape.map((_, i) => (i === axis ? at : 0)),
    );
    at += x.shape[axis]!;
  }
  return whole;
}

/** Copies x into a larger tensor, from a position on. */
function place(x: TensorData, into: TensorData, position: readonly number[]): void {
  const strides = stridesOf(into.shape);
  const start = position.reduce((sum, at, axis) => sum + at * strides[axis]!, 0);
  const width = x.shape.at(-1) ?? 1;
  let from = 0;
  eachRow(x.shape, strides, strides, (to) => {
    into.data.set(x.data.subarray(from, from + width), start + to);
    from += width;
  });
}

/** Each spatial element so many times along each spatial axis. */
export function upsample(
  x: TensorData,
  size: readonly number[],
  shape: readonly number[],
): TensorData {
  const spatial = x.shape.slice(1, -1);
  const apart = [x.shape[0]!, ...spatial.flatMap((dim, i) => [dim, size[i]!]), x.shape.at(-1)!];
  const own = stridesOf(x.shape);
  const steps = [own[0]!, ...spatial.flatMap((_, i) => [own[i + 1]!, 0]), 1];
  return { ...strided(x, apart, steps, 0), shape };
}

/** Rows of a table by their numbers; throws for a number that it does not have. */
export function gather(
  table: TensorData,
  indices: TensorData,
  shape: readonly number[],
): TensorData {
  const rows = table.shape[0]!;
  const width = sizeOf(table.shape.slice(1));
  const data = zeros(table.dtype, sizeOf(shape));
  indices.data.forEach((index, i) => {
    if (index < 0 || index >= rows)
      throw new RangeError(`row ${index} of a table that has ${rows}`);
    data.set(table.data.subarray(index * width, (index + 1) * width), i * width);
  });
  return { shape, dtype: table.dtype, data };
}

/** 1 at each index, 0 elsewhere; zeros for an index outside. */
export function oneHot(indices: TensorData, depth: number): TensorData {
  const data = new Float32Array(indices.data.length * depth);
  indices.data.forEach((index, i) => {
    if (index >= 0 && index < depth) data[i * depth + index] = 1;
  });
  return { shape: [...indices.shape, depth], dtype: 'float32', data };
}
