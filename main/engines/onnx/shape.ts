import type { DType, TensorType } from '../../../shared/program/tensor.ts';
import type { OnnxGraph } from './graph.ts';
import { axisIn, inLayout, isReshape, reshapeTarget, toFirst, type Layout } from './layout.ts';
import { imageShape, type Cut, type Lower, type Lowered, type Lowering } from './lowering.ts';

/** Stand for the end and the start of an axis in ONNX's Slice. */
const TO_END = 2 ** 31 - 1;
const TO_START = -(2 ** 31);

export const lowerReshape: Lower<'reshape'> = (context, [x], { shape }, node) => {
  const target = reshapeTarget(shape.map((dim, i) => dim ?? node.shape[i]!))!;
  const sameOrder = isReshape(x!.shape, toFirst(x!.shape.length));
  const layout = sameOrder && context.layoutOf(x!) === 'first' ? 'first' : 'last';
  return context.value(node, context.reshape(context.name(x!, layout), target));
};

/** In whichever layout x is, one Transpose gives the order wanted; it may be the identity. */
export const lowerTranspose: Lower<'transpose'> = (context, [x], { perm }, node) => {
  const layout = context.layoutOf(x!, true);
  const rank = x!.shape.length;
  const order = perm.map((axis) => axisIn(layout, rank, axis));
  const name = context.permute(context.name(x!, layout), inLayout(layout, x!.shape, 1), order);
  return context.value(node, name);
};

export const lowerBroadcast: Lower<'broadcast'> = (context, [x], { shape }, node) => {
  const layout = x!.shape.length === shape.length ? context.layoutOf(x!, true) : 'last';
  return repeated(context, x!, node, layout, () => context.graph.ints(inLayout(layout, shape, 1)));
};

export const lowerExpandLike: Lower<'expandLike'> = (context, [x, like], _, node) => {
  const layout = node.shape.length === like!.shape.length ? context.layoutOf(like!) : 'last';
  return repeated(context, x!, node, layout, () =>
    context.graph.node('Shape', [context.name(like!, layout)]),
  );
};

/** A value broadcast to a shape of the layout; it is only written where an operator can't broadcast it itself. */
function repeated(
  context: Lowering,
  x: Lowered,
  type: TensorType,
  layout: Layout,
  shape: () => string,
): Lowered {
  const write = () =>
    context.graph.node('Expand', [context.operand(x, layout, type.shape), shape()]);
  const again = (narrow: Lowered, other: TensorType) =>
    repeated(context, narrow, other, layout, shape);
  return { ...context.later(type, layout, [], write), repeats: { narrow: x, again } };
}

export const lowerSlice: Lower<'slice'> = (context, [x], { starts, sizes, strides }, node) => {
  const channels = x!.shape.length - 1;
  const apart =
    starts[channels] !== 0 || strides[channels] !== 1 || sizes[channels] !== x!.shape[channels];
  const layout = context.layoutOf(x!, apart);
  const cuts = starts.flatMap((start, i): Cut[] => {
    const [size, step] = [sizes[i]!, strides[i]!];
    const whole = start === 0 && step === 1 && (size === null || size === x!.shape[i]);
    const end = size === null ? TO_END : size === 0 ? start : start + (size - 1) * step + 1;
    return whole ? [] : [{ axis: axisIn(layout, x!.shape.length, i), start, end, step }];
  });
  return context.value(node, context.slice(context.name(x!, layout), cuts), layout);
};

export const lowerReverse: Lower<'reverse'> = (context, [x], { axes }, node) => {
  const layout = context.layoutOf(x!, axes.includes(x!.shape.length - 1));
  const cuts = axes.map((axis) => ({
    axis: axisIn(layout, x!.shape.length, axis),
    start: -1,
    end: TO_START,
    step: -1,
  }));
  return context.value(node, context.slice(context.name(x!, layout), cuts), layout);
};

export const lowerPad: Lower<'pad'> = (context, [x], { pads, value }, node) => {
  const layout = context.layoutOf(
    x!,
    pads.at(-1)!.some((n) => n !== 0),
  );
  const here = inLayout(layout, pads, [0, 0]);
  const amounts = [...here.map(([before]) => before), ...here.map(([, after]) => after)];
  const input = context.name(x!, layout);
  const bool = node.dtype === 'bool';
  const padded = context.graph.node('Pad', [
    bool ? context.cast(input, 'int32') : input,
    context.graph.ints(amounts),
    scalar(context.graph, value, bool ? 'int32' : node.dtype),
  ]);
  return context.value(node, bool ? context.cast(padded, 'bool') : padded, layout);
};

function scalar(graph: OnnxGraph, value: number, dtype: DType): string {
  if (dtype === 'float32') return graph.float(value);
  return graph.constant({ dtype, shape: [], data: Int32Array.of(value) });
}

export const lowerConcat: Lower<'concat'> = (context, inputs, { axis }, node) => {
  const rank = node.shape.length;
  const common = context.commonLayout(inputs, rank);
  const splits =
    axis === rank - 1 && !inputs.every(({ shape }) => context.blocks?.fill(shape.at(-1)));
  const layout = common === 'blocked' && splits ? 'first' : common;
  const names = inputs.map((x) => context.name(x, layout));
  const attributes = { axis: axisIn(layout, rank, axis) };
  return context.value(node, context.graph.node('Concat', names, attributes), layout);
};

export const lowerUpsample: Lower<'upsample'> = (context, [x], { size }, node) =>
  repeat(context, x!, size, node);

/**
 * Repeats each spatial element so many times along each spatial axis. Blocked images have an operator for that; others
 * are repeated by Reshape, Expand and Reshape.
 */
export function repeat(
  context: Lowering,
  x: Lowered,
  size: readonly number[],
  type: TensorType,
): Lowered {
  const { graph } = context;
  const layout = context.layoutOf(x);
  const input = context.name(x, layout);
  if (layout === 'blocked') {
    const name = context.blocks!.upsample(input, imageShape(x), imageShape(type), size);
    return context.value(type, name, layout);
  }
  const factors = inLayout(layout, [1, ...size, 1], 1);
  const apart = inLayout(layout, x.shape, 1).flatMap((dim, i) =>
    factors[i] === 1 ? [dim] : [dim, 1],
  );
  const repeats = factors.flatMap((factor) => (factor === 1 ? [1] : [1, factor]));
  const split = context.reshape(input, reshapeTarget(apart)!);
  const repeated = graph.node('Expand', [split, graph.ints(repeats)]);
  const joined = context.reshape(repeated, reshapeTarget(inLayout(layout, type.shape, 1))!);
  return context.value(type, joined, layout);
}
