/**
 * Numbers of TensorFlow Lite's schema, version 3:
 * https://github.com/tensorflow/tflite-micro/blob/main/tensorflow/lite/schema/schema.fbs.
 */

/** TensorType. */
export const TENSOR_TYPES = { float32: 0, int32: 2, bool: 6 } as const;

/** BuiltinOperator. */
export const OPERATORS = {
  ADD: 0,
  AVERAGE_POOL_2D: 1,
  CONCATENATION: 2,
  CONV_2D: 3,
  DEPTHWISE_CONV_2D: 4,
  FLOOR: 8,
  FULLY_CONNECTED: 9,
  LOGISTIC: 14,
  MAX_POOL_2D: 17,
  MUL: 18,
  RELU: 19,
  RESHAPE: 22,
  TANH: 28,
  GATHER: 36,
  TRANSPOSE: 39,
  MEAN: 40,
  SUB: 41,
  DIV: 42,
  STRIDED_SLICE: 45,
  EXP: 47,
  CAST: 53,
  MAXIMUM: 55,
  ARG_MAX: 56,
  MINIMUM: 57,
  LESS: 58,
  NEG: 59,
  PADV2: 60,
  LESS_EQUAL: 63,
  SIN: 66,
  TRANSPOSE_CONV: 67,
  EQUAL: 71,
  LOG: 73,
  SUM: 74,
  SQRT: 75,
  POW: 78,
  REDUCE_PROD: 81,
  REDUCE_MAX: 82,
  LOGICAL_OR: 84,
  ONE_HOT: 85,
  LOGICAL_AND: 86,
  LOGICAL_NOT: 87,
  REDUCE_MIN: 89,
  FLOOR_DIV: 90,
  SQUARE: 92,
  FLOOR_MOD: 95,
  RESIZE_NEAREST_NEIGHBOR: 97,
  ABS: 101,
  CEIL: 104,
  REVERSE_V2: 105,
  COS: 108,
  ROUND: 116,
  SELECT_V2: 123,
  BATCH_MATMUL: 126,
  BROADCAST_TO: 130,
  CONV_3D: 132,
  GELU: 150,
  SIGN: 158,
} as const;

export type OperatorName = keyof typeof OPERATORS;

/** Versions of operators that runtimes know no earlier ones of; 1 for the others. */
export const VERSIONS: { readonly [O in OperatorName]?: number } = { BROADCAST_TO: 2 };

/** A field of an options table: its place, its type, its value. */
export type OptionField = readonly [place: number, type: 'byte' | 'int' | 'ints', value: unknown];

/** An options table: its number in the union BuiltinOptions, and the fields that are not as usual. */
export interface Options {
  readonly type: number;
  readonly fields: readonly OptionField[];
}

const flag = (place: number, value: boolean): OptionField => [place, 'byte', Number(value)];
const int = (place: number, value: number): OptionField => [place, 'int', value];

/** Padding. */
const PADDING = { same: 0, valid: 1 } as const;
/** ActivationFunctionType. */
const RELU = 1;

/** A window over an image: [height, width]. */
export interface Window2D {
  readonly padding: keyof typeof PADDING;
  readonly strides: readonly number[];
  readonly relu?: boolean;
}

const window = ({ padding, strides: [height, width] }: Window2D): OptionField[] => [
  [0, 'byte', PADDING[padding]],
  int(1, width!),
  int(2, height!),
];
const activation = (place: number, relu = false): OptionField => [place, 'byte', relu ? RELU : 0];

/** The options tables that the export writes; fields have the places that the schema gives them. */
export const options = {
  conv2d: (at: Window2D, [height, width]: readonly number[]): Options => ({
    type: 1,
    fields: [...window(at), activation(3, at.relu), int(4, width!), int(5, height!)],
  }),
  depthwise: (at: Window2D, [height, width]: readonly number[], multiplier: number): Options => ({
    type: 2,
    fields: [
      ...window(at),
      int(3, multiplier),
      activation(4, at.relu),
      int(5, width!),
      int(6, height!),
    ],
  }),
  conv3d: (
    padding: keyof typeof PADDING,
    [depth, height, width]: readonly number[],
    [deep, high, wide]: readonly number[],
  ): Options => ({
    type: 106,
    fields: [
      [0, 'byte', PADDING[padding]],
      int(1, depth!),
      int(2, width!),
      int(3, height!),
      int(5, deep!),
      int(6, wide!),
      int(7, high!),
    ],
  }),
  transposeConv: (at: Window2D): Options => ({
    type: 49,
    fields: [...window(at), activation(3, at.relu)],
  }),
  pool2d: (at: Window2D, [height, width]: readonly number[]): Options => ({
    type: 5,
    fields: [...window(at), int(3, width!), int(4, height!)],
  }),
  fullyConnected: (relu: boolean): Options => ({
    type: 8,
    fields: [activation(0, relu), flag(2, true)],
  }),
  batchMatMul: (left: boolean, right: boolean): Options => ({
    type: 101,
    fields: [flag(0, left), flag(1, right)],
  }),
  concatenation: (axis: number): Options => ({ type: 10, fields: [int(0, axis)] }),
  reshape: (shape: readonly number[]): Options => ({ type: 17, fields: [[0, 'ints', shape]] }),
  reducer: (keepDims: boolean): Options => ({ type: 27, fields: [flag(0, keepDims)] }),
  cast: (from: number, to: number): Options => ({
    type: 37,
    fields: [
      [0, 'byte', from],
      [1, 'byte', to],
    ],
  }),
  argMax: (): Options => ({ type: 40, fields: [[0, 'byte', TENSOR_TYPES.int32]] }),
  gather: (): Options => ({ type: 23, fields: [int(0, 0)] }),
  oneHot: (): Options => ({ type: 61, fields: [int(0, -1)] }),
  stridedSlice: (): Options => ({ type: 32, fields: [] }),
  resizeNearest: (): Options => ({ type: 74, fields: [flag(1, true)] }),
  gelu: (): Options => ({ type: 116, fields: [] }),
  none: { type: 0, fields: [] } as Options,
};

/** The options table that an operator must bring though all its fields are as usual. */
export const EMPTY: { readonly [O in OperatorName]?: number } = {
  ADD: 11,
  MUL: 21,
  SUB: 28,
  DIV: 29,
};
