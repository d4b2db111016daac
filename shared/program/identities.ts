import type { OpName } from './attributes.ts';
import type { Node, NodeOf } from './program.ts';
import { tensor, type Shape, type TensorData } from './tensor.ts';

/** What a node may be replaced by: a value that is there already, or a node that does less. */
export type Simpler = number | Node | null;

/** How the rules see what is there: the nodes so far, and a constant to use. */
export interface Known {
  readonly nodes: readonly Node[];
  constant(value: TensorData): number;
}

type Rule<K extends OpName> = (node: NodeOf<K>, known: Known) => Simpler;

/**
 * What gives the same numbers with less work, to the last bit, infinities and not-a-numbers too; null when nothing
 * does. x + 0 is not among the rules, for it makes a 0 of -0, nor is 0 x, which is not 0 for what is not finite.
 * It never gives a node that is simplified further without end: each rule takes an operation away, or makes it cheaper.
 */
export function simpler(node: Node, known: Known): Simpler {
  const rule = RULES[node.op] as Rule<OpName> | undefined;
  return rule?.(node as NodeOf<OpName>, known) ?? null;
}

const RULES: { readonly [K in OpName]?: Rule<K> } = {
  mul: (node, known) => timesNumber(node, 0, known) ?? timesNumber(node, 1, known),
  div: (node, known) => {
    const [x, by] = node.inputs as [number, number];
    const number = numberOf(known, by);
    if (number === null || node.dtype !== 'float32') return null;
    if (number === 1) return unchanged(node, x, known);
    if (!isPowerOfTwo(number)) return null;
    const { shape } = known.nodes[by]! as NodeOf<'constant'>;
    const inverse = known.constant(tensor([1 / number], shape as number[]));
    return { ...node, op: 'mul', inputs: [x, inverse] } as Node;
  },
  add: (node, known) => addition(node, 0, known) ?? addition(node, 1, known),
  sub: (node, known) => {
    const [a, b] = node.inputs as [number, number];
    if (Object.is(numberOf(known, b), 0)) return unchanged(node, a, known);
    const negated = inputOf('neg', b, known);
    return negated === null ? null : ({ ...node, op: 'add', inputs: [a, negated] } as Node);
  },
  neg: (node, known) => inputOf('neg', node.inputs[0]!, known),
  not: (node, known) => inputOf('not', node.inputs[0]!, known),
  abs: withoutSign,
  square: withoutSign,
  relu: (node, known) => repeated(node, known),
  floor: (node, known) => repeated(node, known),
  ceil: (node, known) => repeated(node, known),
  round: (node, known) => repeated(node, known),
  max: sameTwice,
  min: sameTwice,
  and: sameTwice,
  or: sameTwice,
  select: (node, known) => {
    const [, a, b] = node.inputs as [number, number, number];
    return a === b ? unchanged(node, a, known) : null;
  },

  reshape: (node, known) => {
    const [x] = node.inputs as [number];
    const inner = inputOf('reshape', x, known);
    if (isSame(node.shape, known.nodes[x]!.shape)) return x;
    return inner === null ? null : { ...node, inputs: [inner] };
  },
  transpose: (node, known) => {
    const [x] = node.inputs as [number];
    const { perm } = node.attrs;
    if (perm.every((axis, i) => axis === i)) return x;
    const before = known.nodes[x]!;
    if (before.op !== 'transpose') return null;
    return {
      ...node,
      inputs: before.inputs,
      attrs: { perm: perm.map((axis) => before.attrs.perm[axis]!) },
    };
  },
  broadcast: (node, known) => {
    const [x] = node.inputs as [number];
    const inner = inputOf('broadcast', x, known);
    return unchanged(node, x, known) ?? (inner === null ? null : { ...node, inputs: [inner] });
  },
  reverse: (node, known) => {
    const [x] = node.inputs as [number];
    const before = known.nodes[x]!;
    if (node.attrs.axes.length === 0) return x;
    const back = before.op === 'reverse' && before.attrs.axes.join() === node.attrs.axes.join();
    return back ? before.inputs[0]! : null;
  },
  slice: (node, known) => wholeSlice(node, known) ?? sliceOfPad(node, known),
  matMul: (node, known) => withoutTranspose(node, 0, known) ?? withoutTranspose(node, 1, known),

  reduceSum: overNothing,
  reduceMean: overNothing,
  reduceMax: overNothing,
  reduceMin: overNothing,
  reduceProd: overNothing,
};

/** x 1 is x, and x -1 its opposite. */
function timesNumber(node: NodeOf<'mul'>, at: 0 | 1, known: Known): Simpler {
  const other = node.inputs[1 - at]!;
  const number = numberOf(known, node.inputs[at]!);
  if (number === 1) return unchanged(node, other, known);
  const negates = number === -1 && node.dtype === 'float32';
  return negates && unchanged(node, other, known) !== null
    ? ({ ...node, op: 'neg', inputs: [other] } as Node)
    : null;
}

/** Adding -0, or an integer 0, changes nothing; adding an opposite is a subtraction. */
function addition(node: NodeOf<'add'>, at: 0 | 1, known: Known): Simpler {
  const other = node.inputs[1 - at]!;
  const number = numberOf(known, node.inputs[at]!);
  if (Object.is(number, -0) || (number === 0 && node.dtype === 'int32'))
    return unchanged(node, other, known);
  const negated = inputOf('neg', node.inputs[at]!, known);
  return negated === null ? null : ({ ...node, op: 'sub', inputs: [other, negated] } as Node);
}

/** |-x| is |x|, and so are the squares. */
function withoutSign(node: NodeOf<'abs'> | NodeOf<'square'>, known: Known): Simpler {
  const [x] = node.inputs as [number];
  const inner = inputOf('neg', x, known) ?? inputOf('abs', x, known);
  if (inner === null) return null;
  return node.op === 'abs' && known.nodes[x]!.op === 'abs' ? x : { ...node, inputs: [inner] };
}

/** What is done already is not done again. */
function repeated(node: Node, known: Known): Simpler {
  const [x] = node.inputs as [number];
  return known.nodes[x]!.op === node.op ? x : null;
}

function sameTwice(node: Node, known: Known): Simpler {
  const [a, b] = node.inputs as [number, number];
  return a === b ? unchanged(node, a, known) : null;
}

function wholeSlice(
  { attrs: { starts, sizes, strides }, inputs }: NodeOf<'slice'>,
  known: Known,
): Simpler {
  const { shape } = known.nodes[inputs[0]!]!;
  const whole = shape.every(
    (dim, i) => starts[i] === 0 && strides[i] === 1 && (sizes[i] === null || sizes[i] === dim),
  );
  return whole ? inputs[0]! : null;
}

/** What was padded, taken out again. */
function sliceOfPad(node: NodeOf<'slice'>, known: Known): Simpler {
  const { starts, sizes, strides } = node.attrs;
  const before = known.nodes[node.inputs[0]!]!;
  if (before.op !== 'pad') return null;
  const [x] = before.inputs as [number];
  const { shape } = known.nodes[x]!;
  const exact = before.attrs.pads.every(([start, end], i) => {
    const same = shape[i] === null ? end === 0 && sizes[i] === null : shape[i] === node.shape[i];
    return same && starts[i] === start && strides[i] === 1;
  });
  return exact ? x : null;
}

/** A product of matrices swaps the last two axes itself. */
function withoutTranspose(node: NodeOf<'matMul'>, at: 0 | 1, known: Known): Simpler {
  const before = known.nodes[node.inputs[at]!]!;
  if (before.op !== 'transpose') return null;
  const { perm } = before.attrs;
  const rank = perm.length;
  const swaps = perm.every((axis, i) => axis === (i < rank - 2 ? i : 2 * rank - 3 - i));
  if (!swaps) return null;
  const inputs = node.inputs.map((id, i) => (i === at ? before.inputs[0]! : id));
  const { transposeA, transposeB } = node.attrs;
  const attrs = at === 0 ? { transposeA: !transposeA, transposeB } : { transposeA, transposeB: !transposeB }; // prettier-ignore
  return { ...node, inputs, attrs };
}

/** Over axes of size 1 there is nothing to sum up. */
function overNothing(
  node: NodeOf<'reduceSum' | 'reduceMean' | 'reduceMax' | 'reduceMin' | 'reduceProd'>,
  known: Known,
): Simpler {
  const [x] = node.inputs as [number];
  const { shape } = known.nodes[x]!;
  if (node.attrs.axes.some((axis) => shape[axis] !== 1)) return null;
  if (isSame(shape, node.shape)) return x;
  const open = node.shape.filter((dim) => dim === null).length;
  const { dtype } = node;
  return open > 1
    ? null
    : { op: 'reshape', inputs: [x], attrs: { shape: node.shape }, shape: node.shape, dtype };
}

/** A value that the node gives as it is, if it has the node's shape and type. */
function unchanged({ shape, dtype }: Node, id: number, { nodes }: Known): number | null {
  const same = nodes[id]!;
  const equal =
    same.shape.length === shape.length && same.shape.every((dim, i) => dim === shape[i]);
  return equal && same.dtype === dtype ? id : null;
}

/** Whether two shapes are surely equal in the run: one unknown dimension is what remains. */
function isSame(a: Shape, b: Shape): boolean {
  const open = a.filter((dim) => dim === null).length;
  return a.length === b.length && open < 2 && a.every((dim, i) => dim === b[i]);
}

/** The input of a value that this operation gave; null when another did. */
function inputOf(op: OpName, id: number, { nodes }: Known): number | null {
  const node = nodes[id]!;
  return node.op === op ? node.inputs[0]! : null;
}

/** The number of a constant that has only one. */
function numberOf({ nodes }: Known, id: number): number | null {
  const node = nodes[id]!;
  return node.op === 'constant' && node.attrs.value.data.length === 1
    ? node.attrs.value.data[0]!
    : null;
}

/** Whether dividing by it is multiplying with its reciprocal, to the last bit. */
function isPowerOfTwo(x: number): boolean {
  const exponent = Math.log2(Math.abs(x));
  return Number.isInteger(exponent) && Math.abs(exponent) < 126;
}
