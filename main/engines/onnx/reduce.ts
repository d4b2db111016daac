import type { REDUCE, ReduceAttrs } from '../../../shared/program/attributes.ts';
import { axisIn, inLayout, toFirst } from './layout.ts';
import type { Lower, Lowered, Lowering } from './lowering.ts';
import type { TensorType } from '../../../shared/program/tensor.ts';

const OPERATORS = {
  reduceSum: 'ReduceSum',
  reduceMean: 'ReduceMean',
  reduceMax: 'ReduceMax',
  reduceMin: 'ReduceMin',
  reduceProd: 'ReduceProd',
} as const;

export function lowerReduce(name: (typeof REDUCE)[number]): Lower<typeof name> {
  return (context, [x], { axes, keepDims }: ReduceAttrs, node) => {
    const reduce = (input: string, over: readonly number[]) =>
      context.graph.node(OPERATORS[name], [input, context.graph.ints(over)], {
        keepdims: Number(keepDims),
      });
    return reduceAxes(context, x!, axes, keepDims, node, reduce);
  };
}

/** The first of equal largest elements; ONNX counts in int64. */
export const lowerArgMax: Lower<'argMax'> = (context, [x], { axis }, node) =>
  reduceAxes(context, x!, [axis], false, node, (input, [at]) => {
    const index = context.graph.node('ArgMax', [input], { axis: at!, keepdims: 0 });
    return context.cast(index, 'int32');
  });

/** Reduces in the layout that x has, and puts the axes that remain into an order that the program knows. */
function reduceAxes(
  context: Lowering,
  x: Lowered,
  axes: readonly number[],
  keepDims: boolean,
  type: TensorType,
  reduce: (input: string, axes: readonly number[]) => string,
): Lowered {
  const layout = context.layoutOf(x);
  const rank = x.shape.length;
  const over = axes.map((axis) => axisIn(layout, rank, axis)).sort((a, b) => a - b);
  const name = reduce(context.name(x, layout), over);
  if (keepDims || layout === 'last') return context.value(type, name, layout);
  const all = x.shape.map((_, axis) => axis);
  const left = all.filter((axis) => !axes.includes(axis));
  const got = toFirst(rank).filter((axis) => !axes.includes(axis));
  if (left.length > 2 && inLayout('first', left).every((axis, i) => axis === got[i]))
    return context.value(type, name, 'first');
  const shape = got.map((axis) => x.shape[axis]!);
  return context.value(
    type,
    context.permute(
      name,
      shape,
      left.map((axis) => got.indexOf(axis)),
    ),
  );
}

/** Known dimensions are multiplied here, the unknown ones in the run. */
export const lowerSize: Lower<'size'> = (context, [x], { axes }, node) => {
  const { graph } = context;
  const layout = context.layoutOf(x!);
  const input = context.name(x!, layout);
  let known = 1;
  const unknown: string[] = [];
  for (const axis of axes) {
    const dim = x!.shape[axis]!;
    const at = axisIn(layout, x!.shape.length, axis);
    if (dim !== null) known *= dim;
    else unknown.push(graph.node('Shape', [input], { start: at, end: at + 1 }));
  }
  const sizes = unknown.map((name) => context.cast(context.reshape(name, []), 'float32'));
  const product = sizes.reduce<string>(
    (a, b) => (a === '' ? b : graph.node('Mul', [a, b])),
    known === 1 && sizes.length > 0 ? '' : graph.float(known),
  );
  return context.value(node, product);
};
