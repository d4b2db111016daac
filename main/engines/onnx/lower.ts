import {
  ARITHMETIC,
  COMPARISON,
  LOGICAL,
  REDUCE,
  UNARY,
  type OpName,
} from '../../../shared/program/attributes.ts';
import type { Node, Program } from '../../../shared/program/program.ts';
import type { DType } from '../../../shared/program/tensor.ts';
import { batchMultiples } from './batches.ts';
import { lowerConvFilterGrad } from './conv-filter-grad.ts';
import { lowerConv, lowerConvInputGrad } from './conv.ts';
import { lowerBinary, lowerCast, lowerNot, lowerSelect, lowerUnary } from './elementwise.ts';
import { OnnxGraph } from './graph.ts';
import {
  lowerGather,
  lowerGatherGrad,
  lowerMatMul,
  lowerOneHot,
  lowerPositions,
} from './linear.ts';
import { Lowering, type Lower, type Lowered } from './lowering.ts';
import { inLayout } from './layout.ts';
import { BATCH, type OnnxModel, type OnnxPort } from './model.ts';
import { lowerAvgPool, lowerAvgPoolGrad, lowerMaxPool, lowerMaxPoolGrad } from './pool.ts';
import { lowerArgMax, lowerReduce, lowerSize } from './reduce.ts';
import {
  lowerBroadcast,
  lowerConcat,
  lowerExpandLike,
  lowerPad,
  lowerReshape,
  lowerReverse,
  lowerSlice,
  lowerTranspose,
  lowerUpsample,
} from './shape.ts';

/** A port that stands for something of the program. */
export interface ProgramPort extends OnnxPort {
  readonly dtype: DType;
}

/** A program as an ONNX graph, with the ports that stand for what the program names. */
export interface LoweredProgram {
  readonly model: OnnxModel;
  /** The feeds, random ones too, and variables that results depend on, by their names in the program. */
  readonly feeds: Readonly<Record<string, ProgramPort>>;
  readonly variables: Readonly<Record<string, ProgramPort>>;
  readonly outputs: Readonly<Record<string, ProgramPort>>;
  readonly updates: Readonly<Record<string, ProgramPort>>;
}

const LOWERINGS: { readonly [K in OpName]: Lower<K> } = {
  variable: (context, _, attrs, node) =>
    context.value(node, context.graph.input(port(`variable:${attrs.name}`, node))),
  feed: (context, _, attrs, node) =>
    context.value(node, context.graph.input(port(`feed:${attrs.name}`, node))),
  random: (context, _, attrs, node) =>
    context.value(node, context.graph.input(port(`feed:${attrs.name}`, node))),
  constant: (context, _, { value }, node) => ({
    ...context.value(node, context.graph.constant(value)),
    constant: value,
  }),

  ...each(UNARY, lowerUnary),
  ...each(ARITHMETIC, lowerBinary),
  ...each(COMPARISON, lowerBinary),
  ...each(LOGICAL, lowerBinary),
  ...each(REDUCE, lowerReduce),
  not: lowerNot,
  cast: lowerCast,
  select: lowerSelect,
  argMax: lowerArgMax,
  size: lowerSize,
  matMul: lowerMatMul,
  reshape: lowerReshape,
  transpose: lowerTranspose,
  broadcast: lowerBroadcast,
  expandLike: lowerExpandLike,
  slice: lowerSlice,
  pad: lowerPad,
  concat: lowerConcat,
  reverse: lowerReverse,
  gather: lowerGather,
  gatherGrad: lowerGatherGrad,
  positions: lowerPositions,
  oneHot: lowerOneHot,
  conv: lowerConv,
  convInputGrad: lowerConvInputGrad,
  convFilterGrad: lowerConvFilterGrad,
  maxPool: lowerMaxPool,
  maxPoolGrad: lowerMaxPoolGrad,
  avgPool: lowerAvgPool,
  avgPoolGrad: lowerAvgPoolGrad,
  upsample: lowerUpsample,
};

function each<Name extends string, L>(
  names: readonly Name[],
  lower: (name: Name) => L,
): { [K in Name]: L } {
  return Object.fromEntries(names.map((name) => [name, lower(name)])) as { [K in Name]: L };
}

/**
 * Writes a whole program as one ONNX graph. What no output and no update needs is left out.
 * `block` is how many channels ONNX Runtime's blocked images have in a block; null writes ONNX's own operators only.
 * Throws an Error that names the operation when one can't be written.
 */
export function lowerProgram(program: Program, block: number | null = null): LoweredProgram {
  const graph = new OnnxGraph();
  const context = new Lowering(graph, block);
  const uses = countUses(program);
  const values: Lowered[] = [];
  const feeds: Record<string, ProgramPort> = {};
  const variables: Record<string, ProgramPort> = {};
  for (const [id, node] of program.nodes.entries()) {
    if (!uses[id]) continue;
    graph.scope = `${node.op}@${id}`;
    values[id] = lowerNode(context, node, values);
    if (uses[id]! > 1) context.settle(values[id]);
    const name = values[id].names.get('last')!;
    if (node.op === 'variable') variables[node.attrs.name] = port(name, node);
    if (node.op === 'feed' || node.op === 'random') feeds[node.attrs.name] = port(name, node);
  }
  const results = (kind: string, ids: Readonly<Record<string, number>>) =>
    Object.fromEntries(
      Object.entries(ids).map(([name, id]) => {
        const to = port(`${kind}:${name}`, program.nodes[id]!);
        graph.scope = to.name;
        graph.output(to, context.last(values[id]!));
        return [name, to];
      }),
    );
  const outputs = results('output', program.outputs);
  const updates = results('update', program.updates);
  describeBatches(graph, program, values);
  return { model: graph.model(), feeds, variables, outputs, updates };
}

/** Names the dimensions that the batch decides, so that memory planned for one value can serve others. */
function describeBatches(graph: OnnxGraph, program: Program, values: readonly Lowered[]): void {
  const multiples = batchMultiples(program);
  for (const [id, multiple] of multiples.entries()) {
    const value = values[id];
    if (multiple === null || value?.dtype !== 'float32') continue;
    const rows = multiple === 1 ? BATCH : `${BATCH}*${multiple}`;
    const shape = value.shape.map((dim) => dim ?? rows);
    for (const [layout, name] of value.names)
      if (layout !== 'blocked')
        graph.describe({ name, shape: inLayout(layout, shape, 1), dtype: 'float32' });
  }
}

function lowerNode(context: Lowering, node: Node, values: readonly Lowered[]): Lowered {
  const lower = LOWERINGS[node.op] as Lower<OpName>;
  try {
    const inputs = node.inputs.map((id) => values[id]!);
    return lower(context, inputs, node.attrs as never, node as never);
  } catch (error) {
    throw new Error(`${node.op}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * How often each node is taken by a node, an output or an update that counts; 0 when nothing needs it.
 * What a random feed is shaped like does not count: the run draws it, and needs no value for that.
 */
function countUses(program: Program): number[] {
  const uses = program.nodes.map(() => 0);
  for (const id of [...Object.values(program.outputs), ...Object.values(program.updates)])
    uses[id]!++;
  for (let id = program.nodes.length - 1; id >= 0; id--)
    if (uses[id] && program.nodes[id]!.op !== 'random')
      for (const input of program.nodes[id]!.inputs) uses[input]!++;
  return uses;
}

function port(name: string, { shape, dtype }: Node): ProgramPort {
  return { name, shape, dtype };
}

/** Operations of the program that ONNX Runtime has no operator for: windows over more than three spatial axes. */
export function unsupportedOperations(program: Program): string[] {
  const windows = ['conv', 'maxPool', 'avgPool'];
  const names = program.nodes
    .filter(({ op, shape }) => windows.some((name) => op.startsWith(name)) && shape.length > 5)
    .map(({ op }) => op);
  return [...new Set(names)];
}
