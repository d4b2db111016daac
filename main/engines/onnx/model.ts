import type { Shape, TensorData } from '../../../shared/program/tensor.ts';

/** Element types of ONNX tensors that the lowering uses, with their numbers in TensorProto.DataType. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
} as const;

/** The name of the dimension that counts a batch's samples. */
export const BATCH = 'batch';

export type ElementType = keyof typeof ELEMENT_TYPES;

/** A tensor inside a model. int64 values are given as plain integers, float16 values as their bits. */
export interface OnnxTensor {
  readonly dtype: ElementType;
  readonly shape: readonly number[];
  readonly data: TensorData['data'] | Uint16Array | readonly number[];
}

/** An attribute: a whole number, several, a string, a float, a tensor or a graph. */
export type Attribute =
  | number
  | readonly number[]
  | string
  | { readonly float: number }
  | { readonly tensor: OnnxTensor }
  | { readonly graph: OnnxModel };

export type Attributes = Readonly<Record<string, Attribute>>;

/** One operator of ONNX. */
export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  /** '' for ONNX's own operators. */
  readonly domain: string;
  /** Names of values; '' for an optional input left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

/** An input or an output of the whole graph; a null dimension is the batch on axis 0, else unknown. */
export interface OnnxPort {
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: ElementType;
}

/** What is known of a value inside a graph: unknown dimensions of one name are equal. */
export interface OnnxValue {
  readonly name: string;
  readonly shape: readonly (number | string)[];
  readonly dtype: ElementType;
}

/** What a file says of its model, for people and programs. */
export interface AboutModel {
  readonly name: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A graph as plain data, ready to be written. */
export interface OnnxModel {
  readonly nodes: readonly OnnxNode[];
  readonly initializers: Readonly<Record<string, OnnxTensor>>;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  /** What ONNX Runtime would not find out by itself. */
  readonly values: readonly OnnxValue[];
}
