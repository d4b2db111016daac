import type { ConvAttrs, OpAttrs, PoolAttrs } from '../../../shared/program/attributes.ts';
import type { Padding } from '../../../shared/program/shapes.ts';
import { transposed } from '../../../shared/program/interpreter/matmul.ts';
import type { TensorData } from '../../../shared/program/tensor.ts';
import type { GraphBuilder } from './graph.ts';
import { options } from './schema.ts';

/** What goes into a window's operator after it. */
export interface Following {
  /** A vector, one number a channel. */
  readonly bias?: TensorData;
  readonly relu?: boolean;
}

/** An image with at least two spatial axes: one that has one gets a height of 1 before it. */
interface Image {
  readonly id: number;
  readonly shape: readonly number[];
}

/** A convolution; the filter is known. Throws for one that TensorFlow Lite has no operator for. */
export function conv(
  graph: GraphBuilder,
  image: number,
  filter: TensorData,
  { strides, dilations, padding, groups }: ConvAttrs,
  shape: readonly number[],
  following: Following,
): number {
  const spatial = shape.length - 2;
  const { id, shape: from } = padded(graph, widened(graph, image), flat(padding, spatial));
  const way = typeof padding === 'string' ? padding : 'valid';
  const [channels, outputs] = [from.at(-1)!, shape.at(-1)!];
  const to = wide(shape);
  const bias = vector(
    graph,
    following.bias ?? { shape: [outputs], dtype: 'float32', data: new Float32Array(outputs) },
  );
  if (spatial === 3) {
    if (groups !== 1) throw new Error('volumes in groups');
    const weights = graph.derived(filter, 'filter', () => filter);
    const own = options.conv3d(way, strides, dilations);
    return withRelu(
      graph,
      graph.node('CONV_3D', [id, weights, bias], to, 'float32', own),
      following,
    );
  }
  if (spatial > 3) throw new Error('windows over more than three axes');
  const kernel = { ...filter, shape: wideKernel(filter.shape) };
  const at = { padding: way, strides: two(strides), relu: following.relu ?? false };
  const depthwise = groups === channels && groups > 1;
  const weights = graph.derived(filter, depthwise ? 'depthwise filter' : 'filter', () =>
    depthwise
      ? { ...kernel, shape: [1, kernel.shape[0]!, kernel.shape[1]!, outputs] }
      : transposed(kernel, [3, 0, 1, 2]),
  );
  const own = depthwise
    ? options.depthwise(at, two(dilations), outputs / channels)
    : options.conv2d(at, two(dilations));
  const op = depthwise ? 'DEPTHWISE_CONV_2D' : 'CONV_2D';
  const result = graph.node(op, [id, weights, bias], to, 'float32', own);
  return narrowed(graph, result, shape);
}

/** A transposed convolution; the filter is known. */
export function transposedConv(
  graph: GraphBuilder,
  image: number,
  filter: TensorData,
  { strides, dilations, padding, groups }: OpAttrs['convInputGrad'],
  shape: readonly number[],
  following: Following,
): number {
  if (shape.length > 4) throw new Error('transposed convolutions of volumes');
  if (groups !== 1) throw new Error('transposed convolutions in groups');
  if (dilations.some((n) => n !== 1)) throw new Error('dilated transposed convolutions');
  const { id, shape: from } = widened(graph, image);
  const kernel = { ...filter, shape: wideKernel(filter.shape) };
  const weights = graph.derived(filter, 'turned filter', () => transposed(kernel, [2, 0, 1, 3]));
  const to = wide(shape);
  const explicit = typeof padding !== 'string';
  const steps = two(strides);
  /** With explicit padding: all that the windows reach, of which a part is taken. */
  const whole = explicit
    ? [to[0]!, ...[0, 1].map((i) => (from[i + 1]! - 1) * steps[i]! + kernel.shape[i]!), to[3]!]
    : to;
  const way = explicit ? 'valid' : padding;
  const fused = explicit ? {} : following;
  const inputs = [graph.ints(whole), weights, id];
  if (fused.bias) inputs.push(vector(graph, fused.bias));
  const own = options.transposeConv({ padding: way, strides: steps, relu: fused.relu ?? false });
  const result = graph.node('TRANSPOSE_CONV', inputs, whole, 'float32', own);
  if (!explicit) return narrowed(graph, result, shape);
  const before = [
    0,
    ...wideAxes(
      padding.map(([first]) => first),
      0,
    ),
    0,
  ];
  const cut = taken(graph, result, whole, to, before);
  const sum = following.bias ? graph.node('ADD', [cut, vector(graph, following.bias)], to) : cut;
  return narrowed(graph, withRelu(graph, sum, following), shape);
}

export function pool(
  graph: GraphBuilder,
  kind: 'maxPool' | 'avgPool',
  image: number,
  { poolSize, strides, padding }: PoolAttrs,
  shape: readonly number[],
): number {
  if (shape.length > 4) throw new Error('pooling of volumes');
  if (typeof padding !== 'string') throw new Error('pooling with padding of its own');
  const { id } = widened(graph, image);
  const own = options.pool2d({ padding, strides: two(strides) }, two(poolSize));
  const op = kind === 'maxPool' ? 'MAX_POOL_2D' : 'AVERAGE_POOL_2D';
  return narrowed(graph, graph.node(op, [id], wide(shape), 'float32', own), shape);
}

/** A bias. */
export function vector(graph: GraphBuilder, bias: TensorData): number {
  return graph.derived(bias, 'bias', () => bias);
}

/** Numbers for the spatial axes, of which one is missing where there is only one. */
const two = (perAxis: readonly number[]) => wideAxes(perAxis, 1);

function wideAxes(perAxis: readonly number[], missing: number): number[] {
  return perAxis.length === 1 ? [missing, ...perAxis] : [...perAxis];
}

function wide(shape: readonly number[]): readonly number[] {
  return shape.length === 3 ? [shape[0]!, 1, ...shape.slice(1)] : shape;
}

const wideKernel = (shape: readonly number[]) => (shape.length === 3 ? [1, ...shape] : shape);

function widened(graph: GraphBuilder, id: number): Image {
  const shape = graph.shape(id);
  return shape.length === 3
    ? { id: reshape(graph, id, wide(shape)), shape: wide(shape) }
    : { id, shape };
}

function narrowed(graph: GraphBuilder, id: number, shape: readonly number[]): number {
  return shape.length === 3 ? reshape(graph, id, shape) : id;
}

/** Padding in numbers, for the axes of a wide image; null where the operator knows it. */
function flat(padding: Padding, spatial: number): (readonly [number, number])[] | null {
  if (typeof padding === 'string') return null;
  return spatial === 1 ? [[0, 0], ...padding] : [...padding];
}

function padded(
  graph: GraphBuilder,
  image: Image,
  padding: readonly (readonly [number, number])[] | null,
): Image {
  if (!padding) return image;
  return pad(graph, image, [[0, 0], ...padding, [0, 0]], 0);
}

/** Numbers around a tensor. */
export function pad(
  graph: GraphBuilder,
  { id, shape }: Image,
  pads: readonly (readonly [number, number])[],
  value: number,
): Image {
  const to = shape.map((dim, axis) => dim + pads[axis]![0] + pads[axis]![1]);
  const amounts = graph.constant({
    shape: [pads.length, 2],
    dtype: 'int32',
    data: Int32Array.from(pads.flat()),
  });
  return { id: graph.node('PADV2', [id, amounts, graph.float(value)], to), shape: to };
}

/** The part of this shape that begins at a position; what lies outside is 0. */
function taken(
  graph: GraphBuilder,
  id: number,
  from: readonly number[],
  to: readonly number[],
  start: readonly number[],
): number {
  const missing = to.map((size, axis) => Math.max(0, start[axis]! + size - from[axis]!));
  const whole = missing.some((n) => n > 0)
    ? pad(
        graph,
        { id, shape: from },
        missing.map((n) => [0, n] as const),
        0,
      )
    : { id, shape: from };
  return slice(
    graph,
    whole.id,
    start,
    start.map((at, axis) => at + to[axis]!),
    start.map(() => 1),
    to,
  );
}

/** From a start to an end in steps, on each axis. */
export function slice(
  graph: GraphBuilder,
  id: number,
  start: readonly number[],
  end: readonly number[],
  steps: readonly number[],
  shape: readonly number[],
): number {
  if (start.length > 5) throw new Error('parts of tensors with more than five axes');
  const inputs = [id, graph.ints(start), graph.ints(end), graph.ints(steps)];
  const { dtype } = graph.tensors[id]!;
  return graph.node('STRIDED_SLICE', inputs, shape, dtype, options.stridedSlice());
}

export function reshape(graph: GraphBuilder, id: number, shape: readonly number[]): number {
  const { dtype } = graph.tensors[id]!;
  return graph.node('RESHAPE', [id, graph.ints(shape)], shape, dtype, options.reshape(shape));
}

export function withRelu(graph: GraphBuilder, id: number, { relu }: Following): number {
  return relu ? graph.node('RELU', [id], graph.shape(id)) : id;
}
