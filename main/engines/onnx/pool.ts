import type { PoolAttrs } from '../../../shared/program/attributes.ts';
import type { Shape } from '../../../shared/program/tensor.ts';
import type { Lower } from './lowering.ts';
import { knownSpatial, padsAttribute, windowOver, type Window } from './window.ts';

export const lowerMaxPool: Lower<'maxPool'> = (context, [x], attrs, node) => {
  const name = context.graph.node('MaxPool', [context.first(x!)], poolAttributes(x!.shape, attrs));
  return context.value(node, name, 'first');
};

/** Scatters each dy to the element that MaxPool names as the window's first largest; its indices count through x. */
export const lowerMaxPoolGrad: Lower<'maxPoolGrad'> = (context, [x, , dy], attrs, node) => {
  const { graph } = context;
  const images = context.first(x!);
  const [, indices] = graph.nodeWith(2, 'MaxPool', [images], poolAttributes(x!.shape, attrs));
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

export const lowerAvgPool: Lower<'avgPool'> = (context, [x], attrs, node) => {
  const attributes = { ...poolAttributes(x!.shape, attrs), count_include_pad: 0 };
  return context.value(
    node,
    context.graph.node('AveragePool', [context.first(x!)], attributes),
    'first',
  );
};

/** Each dy, divided by the elements that its window holds, goes to them all: a ConvTranspose with ones, a channel at a time. */
export const lowerAvgPoolGrad: Lower<'avgPoolGrad'> = (context, [dy], attrs, node) => {
  const { graph } = context;
  const { poolSize, strides, inputSize } = attrs;
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
  sizes: number[],
  outputs: number[],
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
  return windowOver(
    spatial,
    poolSize,
    strides,
    poolSize.map(() => 1),
    padding,
  );
}

function poolAttributes(shape: Shape, attrs: PoolAttrs) {
  const { kernel, strides, pads } = poolWindow(shape.slice(1, -1), attrs);
  return { kernel_shape: kernel, strides, pads: padsAttribute(pads) };
}
