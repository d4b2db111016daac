import { sizeOf, type DType } from '../../shared/program/tensor.ts';

/** A tensor in double precision. Every `TensorData` is one. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: ArrayLike<number>;
}

/** A tensor that is being filled. */
export interface Filling extends Numbers {
  readonly data: Float64Array;
}

/** A tensor full of `value`. */
export function filled(shape: readonly number[], dtype: DType = 'float32', value = 0): Filling {
  return { shape, dtype, data: new Float64Array(sizeOf(shape)).fill(value) };
}

/** A tensor whose element at each index is what `element` gives for it. */
export function from(
  shape: readonly number[],
  dtype: DType,
  element: (index: readonly number[]) => number,
): Filling {
  const result = filled(shape, dtype);
  for (let flat = 0; flat < result.data.length; flat++)
    result.data[flat] = element(indexOf(shape, flat));
  return result;
}

/** The index of the element with this position in C order. */
export function indexOf(shape: readonly number[], position: number): number[] {
  const index: number[] = [];
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    index[axis] = position % shape[axis]!;
    position = Math.floor(position / shape[axis]!);
  }
  return index;
}

/** The position in C order of the element with this index. */
export function positionOf(shape: readonly number[], index: readonly number[]): number {
  let position = 0;
  for (const [axis, size] of shape.entries()) {
    const i = index[axis]!;
    if (i < 0 || i >= size) throw new RangeError(`index [${index}] is outside [${shape}]`);
    position = position * size + i;
  }
  return position;
}

/** The element with this index. */
export function at(x: Numbers, index: readonly number[]): number {
  return x.data[positionOf(x.shape, index)]!;
}

/** The element that broadcasting puts at this index of a tensor of the same or a higher rank. */
export function atBroadcast(x: Numbers, index: readonly number[]): number {
  const own = index.slice(index.length - x.shape.length);
  return at(
    x,
    own.map((i, axis) => (x.shape[axis] === 1 ? 0 : i)),
  );
}
