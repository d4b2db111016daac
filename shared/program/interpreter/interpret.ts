import { ARITHMETIC, COMPARISON, LOGICAL, REDUCE, UNARY, type OpName } from '../attributes.ts';
import { inferType } from '../ops.ts';
import type { Node, Program } from '../program.ts';
import { broadcastShapes } from '../shapes.ts';
import { compatible, formatShape, scalar, tensor } from '../tensor.ts';
import type { NamedTensors, TensorData, TensorType } from '../tensor.ts';
import { conv, convInputGrad } from './convolution.ts';
import { broadcast, combined, mapped, selected } from './elementwise.ts';
import { concat, gather, oneHot, pad, reverse, slice, upsample } from './layout.ts';
import { matMul, transposed } from './matmul.ts';
import { binary, unary } from './numbers.ts';
import { pool } from './pooling.ts';
import { argMax, reduced } from './reduction.ts';

/** Operations that only training needs; the interpreter does not have them. */
const ONLY_TRAINING: ReadonlySet<OpName> = new Set([
  'random',
  'gatherGrad',
  'convFilterGrad',
  'maxPoolGrad',
  'avgPoolGrad',
]);

/** Operations of the program that the interpreter can't run, by name. */
export function notInterpreted({ nodes }: Program): string[] {
  return [...new Set(nodes.map(({ op }) => op).filter((op) => ONLY_TRAINING.has(op)))];
}

/**
 * Runs a program in plain JavaScript, an operation after the other, wherever there is nothing else to run it: its
 * outputs for these feeds. A value is let go after its last use. Throws an Error for an operation of training, a
 * variable or feed that is missing, or a feed of another shape.
 */
export function interpret(
  program: Program,
  variables: NamedTensors,
  feeds: NamedTensors,
): NamedTensors {
  const values: (TensorData | undefined)[] = [];
  const results = new Set(Object.values(program.outputs));
  const lastUse = new Map<number, number>();
  program.nodes.forEach(({ inputs }, id) => inputs.forEach((input) => lastUse.set(input, id)));
  for (const [id, node] of program.nodes.entries()) {
    const inputs = node.inputs.map((input) => values[input]!);
    values[id] = evaluate(node, inputs, variables, feeds);
    for (const input of node.inputs)
      if (lastUse.get(input) === id && !results.has(input)) values[input] = undefined;
  }
  return Object.fromEntries(
    Object.entries(program.outputs).map(([name, id]) => [name, values[id]!]),
  );
}

function evaluate(
  node: Node,
  inputs: readonly TensorData[],
  variables: NamedTensors,
  feeds: NamedTensors,
): TensorData {
  const [x, y, z] = inputs as [TensorData, TensorData, TensorData];
  const { op, attrs } = node;
  if (isOneOf(UNARY, op)) return mapped(x, unary[op]);
  if (isOneOf(ARITHMETIC, op)) {
    const f = binary[op];
    const floors = op === 'div' && x.dtype === 'int32';
    return combined(x, y, floors ? (a, b) => Math.floor(a / b) : f, x.dtype);
  }
  if (isOneOf(COMPARISON, op) || isOneOf(LOGICAL, op)) return combined(x, y, binary[op], 'bool');
  /** What the run found in the place of dimensions that the program left open. */
  const shape = () => inferType(op, inputs, attrs as never).shape as readonly number[];
  if (isOneOf(REDUCE, op)) return reduced(op, x, attrs as never, shape());
  switch (node.op) {
    case 'variable':
      return given(variables[node.attrs.name], 'variable', node.attrs.name, node);
    case 'feed':
      return given(feeds[node.attrs.name], 'feed', node.attrs.name, node);
    case 'constant':
      return node.attrs.value;
    case 'not':
      return mapped(x, (value) => Number(value === 0));
    case 'cast': {
      const { dtype } = node.attrs;
      const whole = (value: number) => (dtype === 'bool' ? Number(value !== 0) : Math.trunc(value));
      return mapped(x, dtype === 'float32' ? Number : whole, dtype);
    }
    case 'select':
      return selected(x, y, z);
    case 'argMax':
      return argMax(x, node.attrs.axis, shape());
    case 'size':
      return scalar(node.attrs.axes.reduce((product, axis) => product * x.shape[axis]!, 1));
    case 'matMul':
      return matMul(x, y, node.attrs);
    case 'reshape':
      return { ...x, shape: shape() };
    case 'transpose':
      return transposed(x, node.attrs.perm);
    case 'broadcast':
      return broadcast(x, node.attrs.shape);
    case 'expandLike':
      return broadcast(x, broadcastShapes(x.shape, y.shape) as number[]);
    case 'slice':
      return slice(x, node.attrs);
    case 'pad':
      return pad(x, node.attrs, shape());
    case 'concat':
      return concat(inputs, node.attrs.axis, shape());
    case 'reverse':
      return reverse(x, node.attrs.axes);
    case 'gather':
      return gather(x, y, shape());
    case 'positions': {
      const size = x.shape[node.attrs.axis]!;
      return tensor(
        Array.from({ length: size }, (_, i) => i),
        [size],
        'int32',
      );
    }
    case 'oneHot':
      return oneHot(x, node.attrs.depth);
    case 'conv':
      return conv(x, y, node.attrs, shape());
    case 'convInputGrad':
      return convInputGrad(x, y, node.attrs, shape());
    case 'maxPool':
    case 'avgPool':
      return pool(node.op, x, node.attrs, shape());
    case 'upsample':
      return upsample(x, node.attrs.size, shape());
    default:
      throw new Error(`${op} is an operation of training; it can't be interpreted`);
  }
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

function given(
  value: TensorData | undefined,
  kind: string,
  name: string,
  { shape, dtype }: TensorType,
): TensorData {
  if (!value) throw new Error(`the ${kind} ${name} is missing`);
  if (value.dtype !== dtype || !compatible(value.shape, shape))
    throw new Error(
      `the ${kind} ${name}: expected ${dtype} ${formatShape(shape)}; got ${value.dtype} ${formatShape(value.shape)}`,
    );
  return value;
}
