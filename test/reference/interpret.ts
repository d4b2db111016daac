import { ARITHMETIC, COMPARISON, LOGICAL, REDUCE, UNARY } from '../../shared/program/attributes.ts';
import type { Node, Program } from '../../shared/program/program.ts';
import { broadcastShapes } from '../../shared/program/shapes.ts';
import type { DType } from '../../shared/program/tensor.ts';
import { conv, convFilterGrad, convInputGrad } from './conv.ts';
import { binary, unary } from '../../shared/program/interpreter/numbers.ts';
import { broadcast, concat, pad, reshape, reverse, slice, transpose, upsample } from './layout.ts';
import { gather, gatherGrad, matMul, oneHot } from './linear.ts';
import { atBroadcast, from, type Numbers } from './numbers.ts';
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from './pool.ts';
import { argMax, reduce } from './reduce.ts';

/** What a program gives: its outputs, and the new values of the variables that it updates. */
export interface Result {
  readonly outputs: Record<string, Numbers>;
  readonly updates: Record<string, Numbers>;
}

/**
 * Runs a program in double precision, one plain loop an operation: the meaning of the operations, for tests.
 * `round` may take precision from each result.
 * Throws when a variable or a feed is missing.
 */
export function interpret(
  program: Program,
  variables: Readonly<Record<string, Numbers>>,
  feeds: Readonly<Record<string, Numbers>>,
  round: (result: Numbers) => Numbers = (result) => result,
): Result {
  const values: Numbers[] = [];
  for (const node of program.nodes) {
    const inputs = node.inputs.map((id) => values[id]!);
    values.push(round(evaluate(node, inputs, variables, feeds)));
  }
  const pick = (ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, values[id]!]));
  return { outputs: pick(program.outputs), updates: pick(program.updates) };
}

function evaluate(
  node: Node,
  inputs: readonly Numbers[],
  variables: Readonly<Record<string, Numbers>>,
  feeds: Readonly<Record<string, Numbers>>,
): Numbers {
  const [x, y, z] = inputs as [Numbers, Numbers, Numbers];
  if (isOneOf(UNARY, node.op)) {
    const f = unary[node.op];
    return { ...x, data: Float64Array.from(x.data, (value) => f(value)) };
  }
  if (isOneOf(ARITHMETIC, node.op)) {
    const f = binary[node.op];
    const floors = node.op === 'div' && x.dtype === 'int32';
    return elementwise(x.dtype, inputs, (a, b) => (floors ? Math.floor(f(a!, b!)) : f(a!, b!)));
  }
  if (isOneOf(COMPARISON, node.op) || isOneOf(LOGICAL, node.op)) {
    const f = binary[node.op];
    return elementwise('bool', inputs, (a, b) => f(a!, b!));
  }
  if (isOneOf(REDUCE, node.op)) return reduce(node.op, x, node.attrs as never);

  switch (node.op) {
    case 'variable':
      return named(variables, 'variable', node.attrs.name);
    case 'feed':
    case 'random':
      return named(feeds, node.op, node.attrs.name);
    case 'constant':
      return node.attrs.value;
    case 'not':
      return elementwise('bool', inputs, (a) => Number(a === 0));
    case 'cast':
      return cast(x, node.attrs.dtype);
    case 'select':
      return elementwise(y.dtype, inputs, (condition, a, b) => (condition ? a! : b!));
    case 'argMax':
      return argMax(x, node.attrs.axis);
    case 'size': {
      const size = node.attrs.axes.reduce((product, axis) => product * x.shape[axis]!, 1);
      return { shape: [], dtype: 'float32', data: [size] };
    }
    case 'matMul':
      return matMul(x, y, node.attrs);
    case 'reshape':
      return reshape(x, node.attrs);
    case 'transpose':
      return transpose(x, node.attrs);
    case 'broadcast':
      return broadcast(x, node.attrs.shape);
    case 'expandLike':
      return broadcast(x, broadcastShapes(x.shape, y.shape) as number[]);
    case 'slice':
      return slice(x, node.attrs);
    case 'pad':
      return pad(x, node.attrs);
    case 'concat':
      return concat(inputs, node.attrs);
    case 'reverse':
      return reverse(x, node.attrs);
    case 'gather':
      return gather(x, y);
    case 'gatherGrad':
      return gatherGrad(x, y, node.attrs.rows ?? inputs[2]!.shape[0]!);
    case 'positions': {
      const size = x.shape[node.attrs.axis]!;
      return { shape: [size], dtype: 'int32', data: Array.from({ length: size }, (_, i) => i) };
    }
    case 'oneHot':
      return oneHot(x, node.attrs.depth);
    case 'conv':
      return conv(x, y, node.attrs);
    case 'convInputGrad':
      return convInputGrad(x, y, node.attrs);
    case 'convFilterGrad':
      return convFilterGrad(x, y, node.attrs);
    case 'maxPool':
      return maxPool(x, node.attrs);
    case 'maxPoolGrad':
      return maxPoolGrad(x, z, node.attrs);
    case 'avgPool':
      return avgPool(x, node.attrs);
    case 'avgPoolGrad':
      return avgPoolGrad(x, node.attrs);
    case 'upsample':
      return upsample(x, node.attrs);
  }
  throw new Error(`no meaning for the operation ${node.op}`);
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

function elementwise(
  dtype: DType,
  inputs: readonly Numbers[],
  f: (...values: number[]) => number,
): Numbers {
  const shape = inputs.map((x) => x.shape).reduce((a, b) => broadcastShapes(a, b) as number[]);
  return from(shape, dtype, (index) => f(...inputs.map((x) => atBroadcast(x, index))));
}

/** To int32 by cutting off the fraction; to bool by being other than 0. */
function cast(x: Numbers, dtype: DType): Numbers {
  const convert = { float32: Number, int32: Math.trunc, bool: (n: number) => Number(n !== 0) };
  return { shape: x.shape, dtype, data: Float64Array.from(x.data, (n) => convert[dtype](n)) };
}

function named(tensors: Readonly<Record<string, Numbers>>, kind: string, name: string): Numbers {
  const found = tensors[name];
  if (!found) throw new Error(`the ${kind} '${name}' is missing`);
  return found;
}
