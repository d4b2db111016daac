import type { PoolAttrs } from '../../../shared/program/attributes.ts';
import type { Shape, TensorType } from '../../../shared/program/tensor.ts';
import { positive } from './elementwise.ts';
import { imageShape, type Lower, type Lowered, type Lowering } from './lowering.ts';
import { repeat } from './shape.ts';
import { knownSpatial, padsAttribute, windowOver, type Window } from './window.ts';

export const lowerMaxPool: Lower<'maxPool'> = (context, [x], attrs, node) =>
  pool(context, 'MaxPool', x!, attrs, node);

/** The padding is not counted. */
export const lowerAvgPool: Lower<'avgPool'> = (context, [x], attrs, node) =>
  pool(context, 'AveragePool', x!, attrs, node);

function pool(
  context: Lowering,
  op: 'MaxPool' | 'AveragePool',
  x: Lowered,
  attrs: PoolAttrs,
  type: TensorType,
): Lowered {
  const window = poolWindow(x.shape.slice(1, -1), attrs);
  if (context.layoutOf(x) === 'blocked') {
    const image = context.name(x, 'blocked');
    const name = context.blocks!.pool(op, image, imageShape(x), imageShape(type), window);
    return context.value(type, name, 'blocked');
  }
  const attributes = {
    ...windowAttributes(window),
    ...(op === 'AveragePool' && { count_include_pad: 0 }),
  };
  return context.value(type, context.graph.node(op, [context.first(x)], attributes), 'first');
}

/** Scatters each dy to the element that MaxPool names as the window's first largest; its indices count through x. */
export const lowerMaxPoolGrad: Lower<'maxPoolGrad'> = (context, [x, y, dy], attrs, node) => {
  const { graph } = context;
  const window = poolWindow(x!.shape.slice(1, -1), attrs);
  if (context.layoutOf(x!) === 'blocked' && areApart(x!.shape, attrs)) {
    const write = ({ positive = false }) =>
      blockedMaxPoolGrad(context, x!, y!, dy!, window, positive);
    return { ...context.later(node, 'blocked', ['positive'], write), pooled: x! };
  }
  const images = context.first(x!);
  const [, indices] = graph.nodeWith(2, 'MaxPool', [images], windowAttributes(window));
  const size = graph.node('Size', [images]);
  const zeros = graph.node('ConstantOfShape', [context.reshape(size, [1])]);
  const flat = [context.reshape(indices!, [-1]), context.reshape(context.first(dy!), [-1])];
  const overlap = attrs.poolSize.some((taps, i) => taps > attrs.strides[i]!);
  const sums = graph.node('ScatterElements', [zeros, ...flat], {
    axis: 0,
    ...(overlap && { reduction: 'add' }),
  });
  const shaped = graph.node('Reshape', [sums, graph.node('Shape', [images])]);
  return context.value(node, shaped, 'first');
};

/** Whether the windows lie side by side and cover the image. */
function tiles(shape: Shape, attrs: PoolAttrs): boolean {
  const covers = attrs.poolSize.every((taps, i) => shape[i + 1]! % taps === 0);
  return covers && areApart(shape, attrs);
}

/** Whether the windows lie side by side within the image. */
function areApart(shape: Shape, { poolSize, strides, padding }: PoolAttrs): boolean {
  const covers = poolSize.every((taps, i) => shape[i + 1]! % taps === 0);
  return (
    poolSize.every((taps, i) => taps === strides[i]) &&
    (padding === 'valid' || (padding === 'same' && covers))
  );
}

/**
 * Windows side by side on blocked images: elements that equal their window's maximum get a rank, the higher the
 * earlier in the window; the one of the highest rank takes the gradient. What no window covers is cut off and put
 * back as zeros; so are, if wanted, windows whose maximum is not positive. This is faster than ONNX Runtime's pooling with indices.
 */
function blockedMaxPoolGrad(
  context: Lowering,
  x: Lowered,
  y: Lowered,
  dy: Lowered,
  window: Window,
  onlyPositive: boolean,
): string {
  const { graph } = context;
  const blocks = context.blocks!;
  const to = imageShape(y);
  const spatial = to.spatial.map((size, i) => size * window.kernel[i]!);
  const from = { channels: to.channels, spatial };
  const rest = imageShape(x).spatial.map((size, i) => size - spatial[i]!);
  const cuts = rest.flatMap((n, i) =>
    n > 0 ? [{ axis: i + 2, start: 0, end: spatial[i]!, step: 1 }] : [],
  );
  const spread = (name: string) => blocks.upsample(name, to, from, window.kernel);
  const float = (name: string) => context.cast(name, 'float32');
  const isLargest = graph.node('Equal', [
    context.slice(context.name(x, 'blocked'), cuts),
    spread(context.name(y, 'blocked')),
  ]);
  const ranks = graph.node('Mul', [
    float(isLargest),
    graph.constant({
      dtype: 'float32',
      shape: [1, 1, ...spatial, blocks.size],
      data: windowRanks(spatial, window.kernel, blocks.size),
    }),
  ]);
  const highest = spread(blocks.pool('MaxPool', ranks, from, to, window));
  const isFirst = graph.node('Equal', [ranks, highest]);
  const all = context.name(dy, 'blocked');
  const taken = onlyPositive
    ? graph.node('Mul', [all, positive(context, context.name(y, 'blocked'))])
    : all;
  const covered = graph.node('Mul', [float(isFirst), spread(taken)]);
  const amounts = graph.ints([0, 0, 0, 0, 0, 0, 0, ...rest, 0]);
  return cuts.length > 0 ? graph.node('Pad', [covered, amounts]) : covered;
}

/** For each pixel, repeated over a block of channels, how many of its window do not come before it. */
function windowRanks(
  [height, width]: readonly number[],
  [rows, columns]: readonly number[],
  block: number,
): Float32Array<ArrayBuffer> {
  const ranks = new Float32Array(height! * width! * block);
  for (let h = 0; h < height!; h++)
    for (let w = 0; w < width!; w++) {
      const place = (h % rows!) * columns! + (w % columns!);
      const start = (h * width! + w) * block;
      ranks.fill(rows! * columns! - place, start, start + block);
    }
  return ranks;
}

/**
 * Each dy, divided by the elements that its window holds, goes to them all: repeated where the windows tile the image,
 * else by a ConvTranspose with ones, a channel at a time.
 */
export const lowerAvgPoolGrad: Lower<'avgPoolGrad'> = (context, [dy], attrs, node) => {
  const { graph } = context;
  const { poolSize, strides, inputSize } = attrs;
  if (tiles(node.shape, attrs)) {
    const layout = context.layoutOf(dy!);
    const elements = poolSize.reduce((a, b) => a * b, 1);
    const scaled = graph.node('Mul', [context.name(dy!, layout), graph.float(1 / elements)]);
    return repeat(context, context.value(dy!, scaled, layout), poolSize, node);
  }
  const channels = node.shape.at(-1)!;
  const sizes = knownSpatial(inputSize);
  const outputs = knownSpatial(dy!.shape.slice(1, -1));
  const window = poolWindow(sizes, attrs);
  const shares = graph.constant({
    dtype: 'float32',
    shape: [1, 1, ...outputs],
    data: windowShares(sizes, outputs, window),
  });
  const share = graph.node('Mul', [context.first(dy!), shares]);
  const ones = graph.constant({
    dtype: 'float32',
    shape: [channels, 1, ...poolSize],
    data: new Float32Array(channels * poolSize.reduce((a, b) => a * b, 1)).fill(1),
  });
  const excess = sizes.map(
    (size, i) => (outputs[i]! - 1) * strides[i]! + poolSize[i]! - window.pads[i]![0] - size,
  );
  const name = graph.node('ConvTranspose', [share, ones], {
    kernel_shape: poolSize,
    strides,
    pads: padsAttribute(window.pads.map(([before], i) => [before, Math.max(excess[i]!, 0)])),
    output_padding: excess.map((n) => Math.max(-n, 0)),
    group: channels,
  });
  return context.value(node, name, 'first');
};

/** One over the number of elements, padding apart, that each window holds. */
function windowShares(
  sizes: readonly number[],
  outputs: readonly number[],
  window: Window,
): Float32Array<ArrayBuffer> {
  const counts = outputs.map((output, i) =>
    Array.from({ length: output }, (_, at) => {
      const start = at * window.strides[i]! - window.pads[i]![0];
      const end = Math.min(start + window.kernel[i]!, sizes[i]!);
      return end - Math.max(start, 0);
    }),
  );
  const products = counts.reduce<number[]>(
    (all, axis) => all.flatMap((product) => axis.map((count) => product * count)),
    [1],
  );
  return Float32Array.from(products, (count) => 1 / count);
}

function poolWindow(spatial: Shape, { poolSize, strides, padding }: PoolAttrs): Window {
  const dilations = poolSize.map(() => 1);
  return windowOver(spatial, poolSize, strides, dilations, padding);
}

function windowAttributes({ kernel, strides, pads }: Window) {
  return { kernel_shape: kernel, strides, pads: padsAttribute(pads) };
}
