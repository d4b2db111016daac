import {
  ARITHMETIC,
  COMPARISON,
  LOGICAL,
  REDUCE,
  UNARY,
} from '../../../shared/program/attributes.ts';
import { transposed } from '../../../shared/program/interpreter/matmul.ts';
import type { Node, NodeOf, Program } from '../../../shared/program/program.ts';
import { formatShape, type TensorData } from '../../../shared/program/tensor.ts';
import type { Port } from '../predict-program.ts';
import { binary, cast, unary } from './elementwise.ts';
import { GraphBuilder, type FileGraph } from './graph.ts';
import { options } from './schema.ts';
import { conv, pad, pool, reshape, slice, transposedConv, vector, withRelu } from './windows.ts';
import type { Following } from './windows.ts';

/** An operation that TensorFlow Lite can't hold. */
export class NotInTflite extends Error {
  /** The operation of the program. */
  readonly op: Node['op'];

  constructor(op: Node['op'], what: string) {
    super(what);
    this.op = op;
  }
}

const REDUCTIONS = {
  reduceSum: 'SUM',
  reduceMean: 'MEAN',
  reduceMax: 'REDUCE_MAX',
  reduceMin: 'REDUCE_MIN',
  reduceProd: 'REDUCE_PROD',
} as const;

/**
 * A program whose shapes and weights are known as a graph of TensorFlow Lite's operators. A bias and a relu go into the
 * operator before them. Throws a NotInTflite for an operation that has none.
 */
export function lowerToTflite(
  program: Program,
  inputs: readonly Port[],
  outputs: readonly Port[],
): FileGraph {
  const graph = new GraphBuilder();
  const fed = new Map(
    inputs.map(({ name, shape, dtype }) => [name, graph.input(name, shape as number[], dtype)]),
  );
  const { absorbed, following } = fusions(program);
  const values: number[] = [];
  const constantOf = (id: number): TensorData | null => {
    const node = program.nodes[id]!;
    return node.op === 'constant' ? node.attrs.value : null;
  };
  for (const [id, node] of program.nodes.entries()) {
    const into = absorbed.get(id);
    if (into !== undefined) {
      values[id] = values[into]!;
      continue;
    }
    try {
      values[id] = lowerNode(graph, node, values, fed, constantOf, following.get(id) ?? {});
    } catch (error) {
      throw new NotInTflite(node.op, (error as Error).message);
    }
  }
  const used = new Set<number>([...fed.values()]);
  const ends = outputs.map(({ name }) => {
    const at = program.outputs[name]!;
    let id = values[at]!;
    // A result has one name, and is neither an input nor a constant.
    if (used.has(id) || graph.tensors[id]!.data) id = reshape(graph, id, graph.shape(id));
    used.add(id);
    return { id, name };
  });
  return graph.finish([...fed.values()], ends);
}

/** What goes into the operator before it: a bias of constant numbers, then a relu, where nothing else takes the value. */
function fusions({ nodes, outputs }: Program) {
  const uses = nodes.map((): number[] => []);
  nodes.forEach(({ inputs }, id) => inputs.forEach((input) => uses[input]!.push(id)));
  for (const id of Object.values(outputs)) uses[id]!.push(-1);
  const absorbed = new Map<number, number>();
  const following = new Map<number, Following>();
  nodes.forEach((node, id) => {
    const takes = node.op === 'conv' || node.op === 'convInputGrad' || isDense(node, nodes);
    if (!takes) return;
    let last = id;
    const next = (): Node | null => {
      const [user, ...more] = uses[last]!;
      return user === undefined || user < 0 || more.length > 0 ? null : nodes[user]!;
    };
    const after = next();
    const other = after?.op === 'add' && after.inputs.find((input) => input !== last);
    const bias = typeof other === 'number' ? nodes[other]! : null;
    let taken: Following = {};
    if (
      bias?.op === 'constant' &&
      bias.shape.length === 1 &&
      bias.shape[0] === node.shape.at(-1) &&
      String(after!.shape) === String(node.shape)
    ) {
      taken = { bias: bias.attrs.value };
      last = uses[last]![0]!;
      absorbed.set(last, id);
    }
    if (next()?.op === 'relu') {
      taken = { ...taken, relu: true };
      absorbed.set(uses[last]![0]!, id);
    }
    following.set(id, taken);
  });
  return { absorbed, following };
}

/** A product with a matrix of weights, which is a dense layer. */
function isDense(node: Node, nodes: readonly Node[]): node is NodeOf<'matMul'> {
  if (node.op !== 'matMul') return false;
  const [x, weights] = node.inputs.map((id) => nodes[id]!) as [Node, Node];
  return (
    weights.op === 'constant' &&
    weights.shape.length === 2 &&
    x.op !== 'constant' &&
    x.shape.length >= 2 &&
    !node.attrs.transposeA
  );
}

function lowerNode(
  graph: GraphBuilder,
  node: Node,
  values: readonly number[],
  fed: ReadonlyMap<string, number>,
  constantOf: (id: number) => TensorData | null,
  following: Following,
): number {
  if (node.shape.includes(null))
    throw new Error(`tensors of open size, such as ${formatShape(node.shape)}`);
  const shape = node.shape as readonly number[];
  const inputs = node.inputs.map((id) => values[id]!);
  const [x, y] = inputs as [number, number];
  if (isOneOf(UNARY, node.op)) return unary(graph, node.op, x);
  if (isOneOf([...ARITHMETIC, ...COMPARISON, ...LOGICAL], node.op))
    return binary(graph, node.op, inputs, shape, node.dtype);
  if (isOneOf(REDUCE, node.op)) {
    const { axes, keepDims } = node.attrs as NodeOf<'reduceSum'>['attrs'];
    const own = options.reducer(keepDims);
    return graph.node(REDUCTIONS[node.op], [x, graph.ints(axes)], shape, node.dtype, own);
  }
  switch (node.op) {
    case 'feed':
      return fed.get(node.attrs.name)!;
    case 'constant':
      return graph.constant(node.attrs.value);
    case 'not':
      return graph.node('LOGICAL_NOT', [x], shape, 'bool');
    case 'cast':
      return cast(graph, x, node.attrs.dtype);
    case 'select':
      return graph.node('SELECT_V2', inputs, shape, node.dtype);
    case 'argMax': {
      const axis = { shape: [], dtype: 'int32', data: Int32Array.of(node.attrs.axis) } as const;
      return graph.node('ARG_MAX', [x, graph.constant(axis)], shape, 'int32', options.argMax());
    }
    case 'matMul':
      return matMul(graph, node, inputs, constantOf, following);
    case 'reshape':
      return reshape(graph, x, shape);
    case 'transpose':
      return graph.node('TRANSPOSE', [x, graph.ints(node.attrs.perm)], shape, node.dtype);
    case 'broadcast':
    case 'expandLike':
      return graph.node('BROADCAST_TO', [x, graph.ints(shape)], shape, node.dtype);
    case 'slice': {
      const { starts, strides } = node.attrs;
      const end = starts.map((start, i) => start + (shape[i]! - 1) * strides[i]! + 1);
      return slice(graph, x, starts, end, strides, shape);
    }
    case 'pad': {
      const padded = (id: number) =>
        pad(graph, { id, shape: graph.shape(id) }, node.attrs.pads, node.attrs.value).id;
      return node.dtype === 'float32'
        ? padded(x)
        : cast(graph, padded(cast(graph, x, 'float32')), node.dtype);
    }
    case 'concat':
      return graph.node(
        'CONCATENATION',
        inputs,
        shape,
        node.dtype,
        options.concatenation(node.attrs.axis),
      );
    case 'reverse':
      return node.attrs.axes.reduce(
        (id, axis) => graph.node('REVERSE_V2', [id, graph.ints([axis])], shape, node.dtype),
        x,
      );
    case 'gather':
      return graph.node('GATHER', inputs, shape, node.dtype, options.gather());
    case 'oneHot': {
      const depth = { shape: [], dtype: 'int32', data: Int32Array.of(node.attrs.depth) } as const;
      const parts = [x, graph.constant(depth), graph.float(1), graph.float(0)];
      return graph.node('ONE_HOT', parts, shape, 'float32', options.oneHot());
    }
    case 'conv':
    case 'convInputGrad': {
      const filter = constantOf(node.inputs[1]!);
      if (!filter) throw new Error('filters that are computed from inputs');
      return node.op === 'conv'
        ? conv(graph, x, filter, node.attrs, shape, following)
        : transposedConv(graph, x, filter, node.attrs, shape, following);
    }
    case 'maxPool':
    case 'avgPool':
      return pool(graph, node.op, x, node.attrs, shape);
    case 'upsample':
      return upsample(graph, x, node.attrs.size, shape);
    default:
      throw new Error(`the operation ${node.op}${y === undefined ? '' : ' of tensors'}`);
  }
}

function isOneOf<T extends string>(names: readonly T[], name: string): name is T {
  return (names as readonly string[]).includes(name);
}

function matMul(
  graph: GraphBuilder,
  node: NodeOf<'matMul'>,
  [x, y]: readonly number[],
  constantOf: (id: number) => TensorData | null,
  following: Following,
): number {
  const { transposeA, transposeB } = node.attrs;
  const shape = node.shape as readonly number[];
  const weights = constantOf(node.inputs[1]!);
  if (weights?.shape.length === 2 && !graph.tensors[x!]!.data && !transposeA) {
    // Dense layers keep their weights as [out, in].
    const own = graph.derived(weights, transposeB ? 'weights' : 'turned weights', () =>
      transposeB ? weights : transposed(weights, [1, 0]),
    );
    const bias = following.bias ? [vector(graph, following.bias)] : [];
    const parts = [x!, own, ...bias];
    const fused = options.fullyConnected(following.relu ?? false);
    return graph.node('FULLY_CONNECTED', parts, shape, 'float32', fused);
  }
  const own = options.batchMatMul(transposeA, transposeB);
  return withRelu(graph, graph.node('BATCH_MATMUL', [x!, y!], shape, 'float32', own), following);
}

/** Images by the nearest pixel, others by repeating: a 1 behind each axis, which is broadcast. */
function upsample(
  graph: GraphBuilder,
  x: number,
  size: readonly number[],
  shape: readonly number[],
): number {
  if (size.length === 2) {
    const parts = [x, graph.ints(shape.slice(1, 3))];
    return graph.node('RESIZE_NEAREST_NEIGHBOR', parts, shape, 'float32', options.resizeNearest());
  }
  const from = graph.shape(x);
  const spatial = from.slice(1, -1);
  const apart = [from[0]!, ...spatial.flatMap((dim) => [dim, 1]), from.at(-1)!];
  const repeated = [from[0]!, ...spatial.flatMap((dim, i) => [dim, size[i]!]), from.at(-1)!];
  const split = reshape(graph, x, apart);
  const wide = graph.node('BROADCAST_TO', [split, graph.ints(repeated)], repeated);
  return reshape(graph, wide, shape);
}
