/** Element type of a tensor. `bool` is stored as one byte, 0 or 1. */
export type DType = 'float32' | 'int32' | 'bool';

/** A dimension: a size, or null where it is only known when the program runs (the batch). */
export type Dim = number | null;

/** The dimensions of a tensor, outermost first; [] is a scalar. */
export type Shape = readonly Dim[];

/** What is known of a tensor before the program runs. */
export interface TensorType {
  readonly shape: Shape;
  readonly dtype: DType;
}

/** The numbers of a tensor in C order. */
export type TensorValues = Float32Array | Int32Array | Uint8Array;

/** A tensor with its numbers: `data` holds the product of `shape` many elements in C order. */
export interface TensorData {
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data: TensorValues;
}

/** Tensors by name. */
export type NamedTensors = Record<string, TensorData>;

/** The most numbers in one tensor (of one sample): what 32 bits count, and every engine can address. */
export const MOST_NUMBERS = 2 ** 31 - 1;

/** Product of the dimensions, or null when one of them is unknown. A scalar has 1 element. */
export function sizeOf(shape: readonly number[]): number;
export function sizeOf(shape: Shape): number | null;
export function sizeOf(shape: Shape): number | null {
  let size = 1;
  for (const dim of shape) {
    if (dim === null) return null;
    size *= dim;
  }
  return size;
}

/** Makes an array for `size` elements of `dtype`, all zero. */
export function zeros(dtype: DType, size: number): TensorValues {
  if (dtype === 'float32') return new Float32Array(size);
  return dtype === 'int32' ? new Int32Array(size) : new Uint8Array(size);
}

/** A tensor from plain numbers; float32 unless told. Throws when the count does not fit the shape. */
export function tensor(
  data: ArrayLike<number>,
  shape: readonly number[],
  dtype: DType = 'float32',
): TensorData {
  const size = sizeOf(shape);
  if (data.length !== size)
    throw new RangeError(
      `a tensor of shape ${formatShape(shape)} holds ${size} numbers; got ${data.length}`,
    );
  const values = zeros(dtype, size);
  values.set(data);
  return { shape, dtype, data: values };
}

/** A scalar tensor. */
export function scalar(value: number, dtype: DType = 'float32'): TensorData {
  return tensor([value], [], dtype);
}

/** Writes a shape as Keras does: `(None, 28, 28, 1)`, `(4,)`, `()`. */
export function formatShape(shape: Shape): string {
  const dims = shape.map((dim) => (dim === null ? 'None' : String(dim)));
  return dims.length === 1 ? `(${dims[0]},)` : `(${dims.join(', ')})`;
}

/** Whether two shapes can be the same: equal rank, and equal where both dimensions are known. */
export function compatible(a: Shape, b: Shape): boolean {
  return (
    a.length === b.length &&
    a.every((dim, axis) => dim === null || b[axis] === null || dim === b[axis])
  );
}
