import type { Node, NodeOf } from './program.ts';
import type { OpName } from './attributes.ts';
import { binary, unary } from './interpreter/numbers.ts';
import { sizeOf, zeros, type TensorData } from './tensor.ts';

/** A result of more numbers than this is left to the run, unless its inputs hold no fewer. */
const MOST_NUMBERS = 64;
const LARGEST_INT = 2 ** 31 - 1;

type Formula = (...numbers: number[]) => number;

/** What engines compute each in its own way, so that it is left to the run. */
const LEFT = ['sigmoid', 'erf', 'softplus', 'round', 'mod'];

const FORMULAS: Partial<Record<OpName, Formula>> = {
  ...Object.fromEntries(
    [...Object.entries(unary), ...Object.entries(binary)].filter(([op]) => !LEFT.includes(op)),
  ),
  not: (x) => Number(x === 0),
  select: (condition, a, b) => (condition ? a : b),
  broadcast: (x) => x,
};

/**
 * The result of a node whose inputs are these constants, each number rounded once; null when it can't be told here, or
 * holds many more numbers than its inputs. Integers that leave their range, and divisions of integers, stay for the run.
 */
export function fold(node: Node, inputs: readonly TensorData[]): TensorData | null {
  const { shape, dtype } = node;
  const size = sizeOf(shape);
  const given = inputs.reduce((sum, { data }) => sum + data.length, 0);
  if (inputs.length === 0 || size === null || size > Math.max(MOST_NUMBERS, given)) return null;
  const result = { shape: shape as readonly number[], dtype };
  const [x] = inputs as [TensorData];
  if (node.op === 'reshape') return { ...result, data: x.data };
  if (node.op === 'transpose') return { ...result, data: transposed(x, node) };
  const formula = node.op === 'cast' ? castTo(node) : FORMULAS[node.op];
  if (!formula) return null;
  const counts = dtype === 'int32';
  if (counts && node.op === 'div') return null;
  const data = zeros(dtype, size);
  const at = inputs.map((input) => broadcastIndex(input.shape, result.shape));
  for (let i = 0; i < size; i++) {
    const value = formula(...inputs.map((input, k) => input.data[at[k]!(i)]!));
    if (counts && !(Number.isInteger(value) && Math.abs(value) <= LARGEST_INT)) return null;
    data[i] = value;
  }
  return { ...result, data };
}

/** Whole numbers lose their fraction; a bool is whether a number is not 0. */
function castTo({ attrs }: NodeOf<'cast'>): Formula {
  if (attrs.dtype === 'bool') return (x) => Number(x !== 0);
  return attrs.dtype === 'int32' ? Math.trunc : (x) => x;
}

function transposed({ shape, data, dtype }: TensorData, { attrs: { perm } }: NodeOf<'transpose'>) {
  const strides = stridesOf(shape);
  const to = perm.map((axis) => shape[axis]!);
  const index = indexer(
    to,
    perm.map((axis) => strides[axis]!),
  );
  return zeros(dtype, data.length).map((_, i) => data[index(i)]!);
}

/** Where the element of a tensor is that broadcasting puts at an index of the result. */
function broadcastIndex(from: readonly number[], to: readonly number[]): (i: number) => number {
  const strides = stridesOf(from);
  const missing = to.length - from.length;
  const along = to.map((_, axis) =>
    axis < missing || from[axis - missing] === 1 ? 0 : strides[axis - missing]!,
  );
  return indexer(to, along);
}

/** From an index in C order to the sum of its coordinates times these strides. */
function indexer(shape: readonly number[], strides: readonly number[]): (i: number) => number {
  return (i) => {
    let [rest, at] = [i, 0];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      at += (rest % shape[axis]!) * strides[axis]!;
      rest = Math.floor(rest / shape[axis]!);
    }
    return at;
  };
}

function stridesOf(shape: readonly number[]): number[] {
  const strides: number[] = [];
  shape.reduceRight((stride, size, axis) => {
    strides[axis] = stride;
    return stride * size;
  }, 1);
  return strides;
}
