import type { Padding } from './shapes.ts';
import type { DType, Shape, TensorData } from './tensor.ts';

/** The window of a convolution. Spatial axes only, outermost first. */
export interface ConvAttrs {
  readonly strides: readonly number[];
  readonly padding: Padding;
  readonly dilations: readonly number[];
  readonly groups: number;
}

/** The window of a pooling operation. Spatial axes only, outermost first. */
export interface PoolAttrs {
  readonly poolSize: readonly number[];
  readonly strides: readonly number[];
  readonly padding: Padding;
}

export interface ReduceAttrs {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** What a random feed is drawn from; the run fills it from the generator keyed by seed, purpose and step. */
export type Distribution =
  | { readonly kind: 'uniform'; readonly low: number; readonly high: number }
  | { readonly kind: 'normal'; readonly mean: number; readonly stddev: number };

type None = Record<never, never>;

/** Elementwise operations of one tensor. */
export const UNARY = [
  'neg', 'abs', 'sign', 'exp', 'log', 'log1p', 'expm1', 'sqrt', 'square', 'reciprocal',
  'sin', 'cos', 'tanh', 'sigmoid', 'erf', 'relu', 'softplus', 'floor', 'ceil', 'round',
] as const; // prettier-ignore

/**
 * Elementwise operations of two tensors, with broadcasting. `mod` takes the divisor's sign, as Python's `%`;
 * `div` of int32 rounds down, as Python's `//`.
 */
export const ARITHMETIC = ['add', 'sub', 'mul', 'div', 'max', 'min', 'pow', 'mod'] as const;
/** Comparisons, with broadcasting; the result is bool. */
export const COMPARISON = ['equal', 'less', 'lessEqual'] as const;
/** Of bool tensors, with broadcasting. */
export const LOGICAL = ['and', 'or'] as const;
/** Reductions over the axes given. `argMax` is apart: it takes one axis and gives int32. */
export const REDUCE = ['reduceSum', 'reduceMean', 'reduceMax', 'reduceMin', 'reduceProd'] as const;

type Each<Names extends readonly string[], Attrs> = { [K in Names[number]]: Attrs };

/**
 * The closed set of operations: the name of each, with its attributes. Images are channels-last.
 * Engines implement exactly these; `ops.ts` says what shape and type each one gives.
 */
export interface OpAttrs
  extends
    Each<typeof UNARY, None>,
    Each<typeof ARITHMETIC, None>,
    Each<typeof COMPARISON, None>,
    Each<typeof LOGICAL, None>,
    Each<typeof REDUCE, ReduceAttrs> {
  /** A tensor that outlives the run: a weight, an optimizer slot, a counter. Named; no inputs. */
  variable: { readonly name: string; readonly shape: readonly number[]; readonly dtype: DType };
  /** A tensor given to each run: a batch, the learning rate. `shape` may have the batch unknown. */
  feed: { readonly name: string; readonly shape: Shape; readonly dtype: DType };
  /** A feed that the run draws itself. Same shape as its input, if it has one. */
  random: { readonly name: string; readonly shape: Shape; readonly distribution: Distribution };
  /** Numbers known when the program is made. */
  constant: { readonly value: TensorData };

  not: None;
  cast: { readonly dtype: DType };
  /** inputs: condition (bool), then, else; all broadcast. */
  select: None;
  argMax: { readonly axis: number };
  /** The product of the named dimensions of the input, as a float32 scalar. */
  size: { readonly axes: readonly number[] };

  /** [..., M, K] x [..., K, N]; the leading dimensions broadcast; the flags swap the last two axes first. */
  matMul: { readonly transposeA: boolean; readonly transposeB: boolean };

  /** At most one dimension of `shape` is null: what remains. */
  reshape: { readonly shape: Shape };
  transpose: { readonly perm: readonly number[] };
  /** Broadcasts to a known shape. */
  broadcast: { readonly shape: readonly number[] };
  /** inputs: x, like. Broadcasts x to the shape of `like`, whose numbers are not read. */
  expandLike: None;
  /** Per axis: the start, how many to take (null: to the end) and the stride. */
  slice: {
    readonly starts: readonly number[];
    readonly sizes: Shape;
    readonly strides: readonly number[];
  };
  pad: { readonly pads: readonly (readonly [number, number])[]; readonly value: number };
  concat: { readonly axis: number };
  reverse: { readonly axes: readonly number[] };

  /** inputs: table [rows, ...rest], indices int32 (any shape). Gives [...indices, ...rest]. */
  gather: None;
  /**
   * inputs: gradient [...indices, ...rest], indices, and where `rows` is null the table, for its number of rows.
   * Gives [rows, ...rest], rows with several uses summed.
   */
  gatherGrad: { readonly rows: number | null };
  /** 0, 1, 2, … along one axis of x, as int32 [the size of that axis]. */
  positions: { readonly axis: number };
  /** int32 indices -> float32 [..., depth]; an index outside gives zeros. */
  oneHot: { readonly depth: number };

  /** inputs: x [N, ...spatial, Cin], filter [...kernel, Cin / groups, Cout]. Cross-correlation. */
  conv: ConvAttrs;
  /** The gradient of `conv` for x; also Keras's transposed convolution. inputs: dy [N, ...out, Cout], filter. */
  convInputGrad: ConvAttrs & { readonly inputSize: Shape };
  /** The gradient of `conv` for the filter. inputs: x, dy. */
  convFilterGrad: ConvAttrs & { readonly kernelSize: readonly number[] };

  maxPool: PoolAttrs;
  /** inputs: x, y = maxPool(x), dy. Each dy goes to the first largest element of its window, in C order. */
  maxPoolGrad: PoolAttrs;
  /** The mean of a window, padding not counted. */
  avgPool: PoolAttrs;
  /** inputs: dy. `inputSize` are the spatial dimensions of the pool's input. */
  avgPoolGrad: PoolAttrs & { readonly inputSize: Shape };
  /** Repeats each spatial element: [N, H, W, C] -> [N, H*size[0], W*size[1], C]. */
  upsample: { readonly size: readonly number[] };
}

/** The name of an operation. */
export type OpName = keyof OpAttrs;
