import type { REDUCE, ReduceAttrs } from '../../../shared/program/attributes.ts';
import type { TensorType } from '../../../shared/program/tensor.ts';
import { axisIn, inLayout, toFirst } from './layout.ts';
import { imageShape, type Lower, type Lowered, type Lowering } from './lowering.ts';

/** Those that take their axes as an attribute before opset 18; ReduceSum takes them as an input since 13. */
const OPERATORS = {
  reduceMean: 'ReduceMean',
  reduceMax: 'ReduceMax',
  reduceMin: 'ReduceMin',
  reduceProd: 'ReduceProd',
} as const;

/** Writes a reduction of a value over axes of the layout that it is in. */
type Reduce = (input: string, axes: readonly number[], keepDims: boolean) => string;

export function lowerReduce(name: (typeof REDUCE)[number]): Lower<typeof name> {
  return (context, [x], { axes, keepDims }: ReduceAttrs, node) => {
    const reduce: Reduce = (input, over, keep) =>
      name === 'reduceSum'
        ? context.graph.node('ReduceSum', [input, context.graph.ints(over)], {
            keepdims: Number(keep),
          })
        : context.graph.node(OPERATORS[name], [input], { axes: over, keepdims: Number(keep) });
    return (
      reduceBlocked(context, x!, axes, keepDims, node, reduce) ??
      reduceAxes(context, x!, axes, keepDims, node, reduce)
    );
  };
}

/** The first of equal largest elements; ONNX counts in int64. */
export const lowerArgMax: Lower<'argMax'> = (context, [x], { axis }, node) =>
  reduceAxes(context, x!, [axis], false, node, (input, [at]) => {
    const index = context.graph.node('ArgMax', [input], { axis: at!, keepdims: 0 });
    return context.cast(index, 'int32');
  });

/**
 * Blocked images [N, C / B, H, W, B] that lose their spatial axes, or these and the batch: in two steps, whose axes
 * lie together, since ONNX Runtime reduces those several times faster.
 */
function reduceBlocked(
  context: Lowering,
  x: Lowered,
  axes: readonly number[],
  keepDims: boolean,
  type: TensorType,
  reduce: Reduce,
): Lowered | null {
  const last = x.shape.length - 1;
  const known = axes.join() === '1,2' || axes.join() === '0,1,2';
  if (context.layoutOf(x) !== 'blocked' || !known) return null;
  const { channels } = imageShape(x);
  const batched = reduce(context.name(x, 'blocked'), [2, 3], false);
  const all = axes.includes(0);
  const sums = all ? reduce(batched, [0], false) : batched;
  const rows = all ? (keepDims ? [1] : []) : [-1];
  const ones = Array<number>(keepDims ? last - 1 : 0).fill(1);
  return context.value(type, context.reshape(sums, [...rows, ...ones, channels]));
}

/** Reduces in the layout that x has, and puts the axes that remain into an order that the program knows. */
function reduceAxes(
  context: Lowering,
  x: Lowered,
  axes: readonly number[],
  keepDims: boolean,
  type: TensorType,
  reduce: Reduce,
): Lowered {
  const rank = x.shape.length;
  const layout = context.layoutOf(x, axes.length < rank);
  const over =
    axes.length === rank
      ? inLayout(layout, axes, rank).map((_, i) => i)
      : axes.map((axis) => axisIn(layout, rank, axis)).sort((a, b) => a - b);
  const name = reduce(context.name(x, layout), over, keepDims);
  if (type.shape.length === 0) return context.value(type, name);
  if (axes.length === rank)
    return context.value(
      type,
      layout === 'blocked'
        ? context.reshape(
            name,
            axes.map(() => 1),
          )
        : name,
    );
  if (keepDims || layout === 'last') return context.value(type, name, layout);
  const all = x.shape.map((_, axis) => axis);
  const left = all.filter((axis) => !axes.includes(axis));
  const got = toFirst(rank).filter((axis) => !axes.includes(axis));
  if (left.length > 2 && inLayout('first', left, 0).every((axis, i) => axis === got[i]))
    return context.value(type, name, 'first');
  const shape = got.map((axis) => x.shape[axis]!);
  const perm = left.map((axis) => got.indexOf(axis));
  return context.value(type, context.permute(name, shape, perm));
}

/** Known dimensions are multiplied here, the unknown ones in the run. */
export const lowerSize: Lower<'size'> = (context, [x], { axes }, node) => {
  const { graph } = context;
  let known = 1;
  const unknown: string[] = [];
  for (const axis of axes) {
    const dim = x!.shape[axis]!;
    if (dim !== null) known *= dim;
    else unknown.push(context.dim(x!, axis));
  }
  const sizes = unknown.map((name) => context.cast(context.reshape(name, []), 'float32'));
  if (known !== 1 || sizes.length === 0) sizes.push(graph.float(known));
  return context.value(
    node,
    sizes.reduce((a, b) => graph.node('Mul', [a, b])),
  );
};
