import type { Shape } from '../../../shared/program/tensor.ts';
import type { Lower, Lowered, Lowering } from './lowering.ts';

/** Two matrices are one Gemm, which takes the flags and a bias; batches of them a MatMul of transposed inputs. */
export const lowerMatMul: Lower<'matMul'> = (context, [a, b], attrs, node) => {
  const { graph } = context;
  const { transposeA, transposeB } = attrs;
  if (a!.shape.length > 2 || b!.shape.length > 2) {
    const left = swapLast(context, a!, transposeA);
    const right = swapLast(context, b!, transposeB);
    return context.value(node, graph.node('MatMul', [left, right]));
  }
  const inputs = [context.last(a!), context.last(b!)];
  return context.later(node, 'last', ['bias', 'relu'], ({ bias, relu }) => {
    const product = graph.node('Gemm', bias ? [...inputs, bias] : inputs, {
      transA: Number(transposeA),
      transB: Number(transposeB),
    });
    return relu ? graph.node('Relu', [product]) : product;
  });
};

function swapLast(context: Lowering, x: Lowered, swap: boolean): string {
  if (!swap) return context.last(x);
  const rank = x.shape.length;
  const perm = x.shape.map((_, i) => (i < rank - 2 ? i : 2 * rank - 3 - i));
  return context.permute(context.last(x), x.shape, perm);
}

/** ONNX fails on an index outside the table. */
export const lowerGather: Lower<'gather'> = (context, [table, indices], _, node) => {
  const inputs = [context.last(table!), context.last(indices!)];
  return context.value(node, context.graph.node('Gather', inputs, { axis: 0 }));
};

/**
 * Adds up the rows with ScatterElements, whose sums run one after the other: ONNX Runtime's ScatterND adds rows
 * with equal indices at the same time in several threads. An index outside the table fails.
 */
export const lowerGatherGrad: Lower<'gatherGrad'> = (
  context,
  [dy, indices, table],
  { rows },
  node,
) => {
  const { graph } = context;
  const rest: Shape = node.shape.slice(1);
  const width = rest.reduce<number>((size, dim) => size * dim!, 1);
  const gradient = context.reshape(context.last(dy!), [-1, width]);
  const column = context.reshape(context.last(indices!), [-1, 1]);
  const index = graph.node('Expand', [column, graph.ints([1, width])]);
  const shape =
    rows === null
      ? graph.node('Concat', [context.dim(table!, 0), graph.ints([width])], { axis: 0 })
      : graph.ints([rows, width]);
  const zeros = graph.node('ConstantOfShape', [shape]);
  const sums = graph.node('ScatterElements', [zeros, index, gradient], {
    axis: 0,
    reduction: 'add',
  });
  return context.value(node, context.reshape(sums, [rows ?? -1, ...(rest as number[])]));
};

/** Counts up to the size of the axis. */
export const lowerPositions: Lower<'positions'> = (context, [x], { axis }, node) => {
  const { graph } = context;
  const integer = (value: number) =>
    graph.constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) });
  const size = context.cast(context.reshape(context.dim(x!, axis), []), 'int32');
  return context.value(node, graph.node('Range', [integer(0), size, integer(1)]));
};

/** A comparison with 0, 1, 2, …, so that an index outside gives zeros. */
export const lowerOneHot: Lower<'oneHot'> = (context, [x], { depth }, node) => {
  const { graph } = context;
  const classes = graph.constant({
    dtype: 'int32',
    shape: [depth],
    data: Int32Array.from({ length: depth }, (_, i) => i),
  });
  const column = graph.node('Unsqueeze', [context.last(x!), graph.ints([x!.shape.length])]);
  const equal = graph.node('Equal', [column, classes]);
  return context.value(node, context.cast(equal, 'float32'));
};
