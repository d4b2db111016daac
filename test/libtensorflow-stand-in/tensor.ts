import type { DType } from '../../shared/program/tensor.ts';
import type { Numbers } from '../reference/numbers.ts';

/** TensorFlow's numbers of types, as its C API has them. */
export const TYPES = {
  TF_FLOAT: 1,
  TF_INT32: 3,
  TF_UINT8: 4,
  TF_STRING: 7,
  TF_COMPLEX64: 8,
  TF_INT64: 9,
  TF_BOOL: 10,
  TF_RESOURCE: 20,
} as const;

/** The kinds of attributes. */
export const ATTRIBUTES = {
  TF_ATTR_STRING: 0,
  TF_ATTR_INT: 1,
  TF_ATTR_FLOAT: 2,
  TF_ATTR_BOOL: 3,
  TF_ATTR_TYPE: 4,
  TF_ATTR_SHAPE: 5,
  TF_ATTR_RESOURCE: 8,
} as const;

/** The types that are computed with here, by their numbers. */
export const NAMES: Readonly<Record<number, DType>> = {
  [TYPES.TF_FLOAT]: 'float32',
  [TYPES.TF_INT32]: 'int32',
  [TYPES.TF_BOOL]: 'bool',
};

export const NUMBERS: Readonly<Record<DType, number>> = {
  float32: TYPES.TF_FLOAT,
  int32: TYPES.TF_INT32,
  bool: TYPES.TF_BOOL,
};

/** The numbers of a tensor, as wide as its type. */
export type Data = Float32Array | Int32Array | Uint8Array;

/** A tensor as the library holds it. */
export interface Held extends Numbers {
  readonly data: Data;
}

const ARRAYS = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };

/** Takes precision from what was computed in double, as the library's own types do. */
export function held({ shape, dtype, data }: Numbers): Held {
  return { shape: [...shape], dtype, data: ARRAYS[dtype].from(data) };
}

/** The numbers of a small tensor that says how to compute: axes, sizes, a shape. */
export function numbersOf({ data }: Held): number[] {
  return [...data];
}

/** An error as the addon throws it for a status of the library. */
export function failed(status: number, message: string): Error {
  return new Error(`Invalid TF_Status: ${status}\nMessage: ${message}`);
}
