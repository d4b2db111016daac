import { broadcastShapes } from '../../shared/program/shapes.ts';
import type { DType } from '../../shared/program/tensor.ts';
import { binary, unary } from '../../shared/program/interpreter/numbers.ts';
import { concat, pad, reshape, reverse, slice, transpose } from '../reference/layout.ts';
import { matMul } from '../reference/linear.ts';
import {
  at,
  atBroadcast,
  filled,
  from,
  indexOf,
  positionOf,
  type Numbers,
} from '../reference/numbers.ts';
import { argMax, reduce } from '../reference/reduce.ts';
import type { Attributes } from './check-call.ts';
import { failed, numbersOf, type Held } from './tensor.ts';
import { windowKernels } from './window-kernels.ts';

/** What each of TensorFlow's operations computes, in double precision. */
export type Kernels = Readonly<
  Record<string, (inputs: readonly Held[], attrs: Attributes) => Numbers | readonly Numbers[]>
>;

const INVALID = 3;

const UNARY = {
  Neg: 'neg',
  Abs: 'abs',
  Sign: 'sign',
  Exp: 'exp',
  Log: 'log',
  Log1p: 'log1p',
  Expm1: 'expm1',
  Sqrt: 'sqrt',
  Square: 'square',
  Reciprocal: 'reciprocal',
  Sin: 'sin',
  Cos: 'cos',
  Tanh: 'tanh',
  Sigmoid: 'sigmoid',
  Erf: 'erf',
  Relu: 'relu',
  Softplus: 'softplus',
  Floor: 'floor',
  Ceil: 'ceil',
  Round: 'round',
} as const;

const BINARY = {
  Add: 'add',
  Sub: 'sub',
  Mul: 'mul',
  RealDiv: 'div',
  Maximum: 'max',
  Minimum: 'min',
  Pow: 'pow',
  FloorMod: 'mod',
  Equal: 'equal',
  Less: 'less',
  LessEqual: 'lessEqual',
  LogicalAnd: 'and',
  LogicalOr: 'or',
} as const;

const REDUCE = {
  Sum: 'reduceSum',
  Mean: 'reduceMean',
  Max: 'reduceMax',
  Min: 'reduceMin',
  Prod: 'reduceProd',
} as const;

const COMPARISONS = ['Equal', 'Less', 'LessEqual', 'LogicalAnd', 'LogicalOr'];

function pairwise([a, b]: readonly Held[], dtype: DType, f: (a: number, b: number) => number) {
  const shape = broadcastShapes(a!.shape, b!.shape) as number[];
  return from(shape, dtype, (index) => f(atBroadcast(a!, index), atBroadcast(b!, index)));
}

/** An axis counted from the front. */
function axisOf(x: Held, axis: number): number {
  const rank = x.shape.length;
  if (axis < -rank || axis >= rank)
    throw failed(INVALID, `axis ${axis} of a tensor of rank ${rank}`);
  return axis < 0 ? axis + rank : axis;
}

const map = <N extends string>(
  names: Readonly<Record<string, N>>,
  kernel: (name: N, op: string) => Kernels[string],
): Kernels => Object.fromEntries(Object.entries(names).map(([op, name]) => [op, kernel(name, op)]));

/** The library's CPU kernels for the operations of op-defs.ts. */
export const kernels: Kernels = {
  ...map(UNARY, (name) => ([x]) => ({
    ...x!,
    data: Float64Array.from(x!.data, unary[name]),
  })),
  ...map(
    BINARY,
    (name, op) => (inputs) =>
      pairwise(inputs, COMPARISONS.includes(op) ? 'bool' : inputs[0]!.dtype, binary[name]),
  ),
  FloorDiv: (inputs) => pairwise(inputs, inputs[0]!.dtype, (a, b) => Math.floor(a / b)),
  LogicalNot: ([x]) => ({ ...x!, data: Float64Array.from(x!.data, (n) => Number(n === 0)) }),
  Cast: ([x], { DstT }) => {
    const convert = { float32: Number, int32: Math.trunc, bool: (n: number) => Number(n !== 0) };
    const dtype = DstT as DType;
    return { shape: x!.shape, dtype, data: Float64Array.from(x!.data, (n) => convert[dtype](n)) };
  },
  // The first version of Select: no broadcasting but of a condition for whole rows.
  Select: ([condition, a, b]) => {
    const [of, one, other] = [condition!.shape, a!.shape, b!.shape];
    const same = String(one) === String(other);
    const rows = of.length === 1 && one.length > 1 && of[0] === one[0];
    if (!same || !(String(of) === String(one) || of.length === 0 || rows))
      throw failed(INVALID, `Inputs to operation Select: [${of}], [${one}], [${other}]`);
    return from(one, a!.dtype, (index) =>
      at(at(condition!, index.slice(0, of.length)) ? a! : b!, index),
    );
  },

  ...map(
    REDUCE,
    (name) =>
      ([x, axes], { keep_dims }) =>
        reduce(name, x!, {
          axes: numbersOf(axes!).map((axis) => axisOf(x!, axis)),
          keepDims: keep_dims === true,
        }),
  ),
  ArgMax: ([x, axis]) => argMax(x!, axisOf(x!, axis!.data[0]!)),

  BatchMatMulV2: ([a, b], { adj_x, adj_y }) => {
    const product = matMul(a!, b!, { transposeA: adj_x === true, transposeB: adj_y === true });
    return { ...product, dtype: a!.dtype };
  },

  Reshape: ([x, sizes]) => {
    const wanted = numbersOf(sizes!);
    const known = wanted.filter((dim) => dim !== -1).reduce((a, b) => a * b, 1);
    const fits = wanted.includes(-1)
      ? known > 0 && x!.data.length % known === 0
      : known === x!.data.length;
    if (!fits || wanted.filter((dim) => dim === -1).length > 1)
      throw failed(
        INVALID,
        `Input to reshape is a tensor with ${x!.data.length} values, but the requested shape has [${wanted}]`,
      );
    return reshape(x!, { shape: wanted.map((dim) => (dim === -1 ? null : dim)) });
  },
  ExpandDims: ([x, dim]) => {
    const axis = dim!.data[0]! < 0 ? dim!.data[0]! + x!.shape.length + 1 : dim!.data[0]!;
    return { ...x!, shape: x!.shape.toSpliced(axis, 0, 1) };
  },
  Transpose: ([x, perm]) => transpose(x!, { perm: numbersOf(perm!) }),
  Tile: ([x, multiples]) =>
    from(
      x!.shape.map((size, axis) => size * multiples!.data[axis]!),
      x!.dtype,
      (index) =>
        at(
          x!,
          index.map((i, axis) => i % x!.shape[axis]!),
        ),
    ),
  Slice: ([x, begin, size]) =>
    slice(x!, {
      starts: numbersOf(begin!),
      sizes: numbersOf(size!).map((n, axis) =>
        n === -1 ? x!.shape[axis]! - begin!.data[axis]! : n,
      ),
      strides: x!.shape.map(() => 1),
    }),
  StridedSlice: ([x, begin, end, strides], attrs) => {
    const masks = ['begin', 'end', 'ellipsis', 'new_axis', 'shrink_axis'].map(
      (of) => attrs[`${of}_mask`],
    );
    if (masks.some((mask) => (mask ?? 0) !== 0) || strides!.data.some((stride) => stride < 1))
      throw failed(INVALID, 'the stand-in has strided slices forwards and without masks alone');
    const ends = x!.shape.map((dim, axis) => Math.min(end!.data[axis]!, dim));
    return slice(x!, {
      starts: numbersOf(begin!),
      sizes: ends.map((last, axis) =>
        Math.max(0, Math.ceil((last - begin!.data[axis]!) / strides!.data[axis]!)),
      ),
      strides: numbersOf(strides!),
    });
  },
  PadV2: ([x, paddings, value]) =>
    pad(x!, {
      pads: x!.shape.map((_, axis) => [paddings!.data[2 * axis]!, paddings!.data[2 * axis + 1]!]),
      value: value!.data[0]!,
    }),
  ConcatV2: (inputs) => {
    const axis = axisOf(inputs[0]!, inputs.at(-1)!.data[0]!);
    return concat(inputs.slice(0, -1), { axis });
  },
  SplitV: ([x, sizes, dim]) => {
    const axis = axisOf(x!, dim!.data[0]!);
    let start = 0;
    return numbersOf(sizes!).map((size) => {
      const starts = x!.shape.map((_, i) => (i === axis ? start : 0));
      start += size;
      return slice(x!, {
        starts,
        sizes: x!.shape.with(axis, size),
        strides: x!.shape.map(() => 1),
      });
    });
  },
  ReverseV2: ([x, axes]) => reverse(x!, { axes: numbersOf(axes!).map((axis) => axisOf(x!, axis)) }),
  Range: ([start, limit, delta]) => {
    const size = Math.max(0, Math.ceil((limit!.data[0]! - start!.data[0]!) / delta!.data[0]!));
    return from([size], start!.dtype, ([i]) => start!.data[0]! + i! * delta!.data[0]!);
  },
  Fill: ([dims, value]) => filled(numbersOf(dims!), value!.dtype, value!.data[0]!),

  GatherV2: ([params, indices, axisTensor], { batch_dims }) => {
    if ((batch_dims ?? 0) !== 0)
      throw failed(INVALID, 'the stand-in gathers without batch dimensions');
    const axis = axisOf(params!, axisTensor!.data[0]!);
    const rank = indices!.shape.length;
    return from(params!.shape.toSpliced(axis, 1, ...indices!.shape), params!.dtype, (index) => {
      const row = at(indices!, index.slice(axis, axis + rank));
      return at(params!, index.toSpliced(axis, rank, row));
    });
  },
  // Rows that are named twice add up.
  ScatterNd: ([indices, updates, sizes]) => {
    const result = filled(numbersOf(sizes!), updates!.dtype);
    const depth = indices!.shape.at(-1)!;
    const outer = indices!.shape.length - 1;
    for (let position = 0; position < updates!.data.length; position++) {
      const index = indexOf(updates!.shape, position);
      const row = positionOf(indices!.shape, [...index.slice(0, outer), 0]);
      const place = Array.from({ length: depth }, (_, i) => indices!.data[row + i]!);
      result.data[positionOf(result.shape, [...place, ...index.slice(outer)])]! +=
        updates!.data[position]!;
    }
    return result;
  },
  OneHot: ([indices, depth, on, off], { axis }) => {
    if ((axis ?? -1) !== -1)
      throw failed(INVALID, 'the stand-in has one-hot along a new last axis alone');
    return from([...indices!.shape, depth!.data[0]!], on!.dtype, (index) =>
      at(indices!, index.slice(0, -1)) === index.at(-1) ? on!.data[0]! : off!.data[0]!,
    );
  },
  ...windowKernels,
};
