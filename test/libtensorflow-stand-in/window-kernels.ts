import type { ConvAttrs, PoolAttrs } from '../../shared/program/attributes.ts';
import type { Padding } from '../../shared/program/shapes.ts';
import { conv, convFilterGrad, convInputGrad } from '../reference/conv.ts';
import type { Numbers } from '../reference/numbers.ts';
import { avgPool, avgPoolGrad, maxPool, maxPoolGrad } from '../reference/pool.ts';
import type { Attributes } from './check-call.ts';
import type { Kernels } from './kernels.ts';
import { failed, numbersOf, type Held } from './tensor.ts';

const INVALID = 3;
const UNIMPLEMENTED = 12;

/** The spatial part of an attribute that has a number an axis; those of batch and channels must be 1. */
function spatial(attrs: Attributes, name: string, rank: number): number[] {
  const all = (attrs[name] as number[] | undefined) ?? Array<number>(rank).fill(1);
  if (all.length !== rank)
    throw failed(INVALID, `Sliding window ${name} field must specify ${rank}`);
  if (all[0] !== 1 || all.at(-1) !== 1)
    throw failed(INVALID, `${name} in the batch and depth dimensions are not supported`);
  return all.slice(1, -1);
}

function paddingOf(attrs: Attributes): Padding {
  const padding = attrs['padding'] as string;
  if (padding === 'VALID' || padding === 'SAME') return padding === 'VALID' ? 'valid' : 'same';
  const sides = attrs['explicit_paddings'] as number[] | undefined;
  if (padding !== 'EXPLICIT' || !sides)
    throw failed(INVALID, `Value for attr 'padding' of "${padding}"`);
  return sides
    .slice(2, -2)
    .flatMap((side, i, all) => (i % 2 ? [] : [[side, all[i + 1]!] as const]));
}

function channelsLast(attrs: Attributes, rank: number): void {
  const format = attrs['data_format'] ?? 'NHWC';
  if (format !== (rank === 5 ? 'NDHWC' : 'NHWC'))
    throw failed(
      UNIMPLEMENTED,
      `The CPU kernels only support channels last; got ${String(format)}`,
    );
}

function convolution(attrs: Attributes, rank: number): Omit<ConvAttrs, 'groups'> {
  channelsLast(attrs, rank);
  return {
    strides: spatial(attrs, 'strides', rank),
    dilations: spatial(attrs, 'dilations', rank),
    padding: paddingOf(attrs),
  };
}

function undilated({ dilations }: Omit<ConvAttrs, 'groups'>): void {
  if (dilations.some((dilation) => dilation !== 1))
    throw failed(
      INVALID,
      'Current CPU implementation does not yet support dilation rates larger than 1.',
    );
}

function ungrouped(channels: number, filter: readonly number[]): void {
  if (channels !== filter.at(-2))
    throw failed(
      UNIMPLEMENTED,
      'The Conv2D op currently does not support grouped convolutions on the CPU. A grouped convolution was ' +
        `attempted to be run because the input depth of ${channels} does not match the filter input depth of ${filter.at(-2)}`,
    );
}

/** A convolution of `rank` axes in all. Only the forward one over planes can be dilated on the CPU. */
function convKernels(rank: number) {
  return {
    forward: ([x, filter]: readonly Held[], attrs: Attributes): Numbers => {
      const window = convolution(attrs, rank);
      if (rank === 5) undilated(window);
      ungrouped(x!.shape.at(-1)!, filter!.shape);
      return conv(x!, filter!, { ...window, groups: 1 });
    },
    input: ([sizes, filter, dy]: readonly Held[], attrs: Attributes): Numbers => {
      const window = convolution(attrs, rank);
      undilated(window);
      const shape = numbersOf(sizes!);
      ungrouped(shape.at(-1)!, filter!.shape);
      return convInputGrad(dy!, filter!, { ...window, groups: 1, inputSize: shape.slice(1, -1) });
    },
    filter: ([x, sizes, dy]: readonly Held[], attrs: Attributes): Numbers => {
      const window = convolution(attrs, rank);
      undilated(window);
      const shape = numbersOf(sizes!);
      ungrouped(x!.shape.at(-1)!, shape);
      return convFilterGrad(x!, dy!, { ...window, groups: 1, kernelSize: shape.slice(0, -2) });
    },
  };
}

/** The filter [h, w, C, m] as one of C groups with an input channel each, [h, w, 1, C * m]: the same numbers. */
function grouped([h, w, channels, times]: readonly number[]): number[] {
  return [h!, w!, 1, channels! * times!];
}

function depthwise(attrs: Attributes): Omit<ConvAttrs, 'groups'> {
  const window = convolution(attrs, 4);
  undilated(window);
  if (window.strides[0] !== window.strides[1])
    throw failed(
      INVALID,
      'Current implementation only supports equal length strides in the row and column dimensions.',
    );
  return window;
}

function pooling(attrs: Attributes, rank: number): PoolAttrs {
  channelsLast(attrs, rank);
  return {
    poolSize: spatial(attrs, 'ksize', rank),
    strides: spatial(attrs, 'strides', rank),
    padding: paddingOf(attrs),
  };
}

const planes = convKernels(4);
const volumes = convKernels(5);

export const windowKernels: Kernels = {
  Conv2D: planes.forward,
  Conv2DBackpropInput: planes.input,
  Conv2DBackpropFilter: planes.filter,
  Conv3D: volumes.forward,
  Conv3DBackpropInputV2: volumes.input,
  Conv3DBackpropFilterV2: volumes.filter,

  DepthwiseConv2dNative: ([x, filter], attrs) =>
    conv(
      x!,
      { ...filter!, shape: grouped(filter!.shape) },
      { ...depthwise(attrs), groups: filter!.shape[2]! },
    ),
  DepthwiseConv2dNativeBackpropInput: ([sizes, filter, dy], attrs) =>
    convInputGrad(
      dy!,
      { ...filter!, shape: grouped(filter!.shape) },
      {
        ...depthwise(attrs),
        groups: filter!.shape[2]!,
        inputSize: numbersOf(sizes!).slice(1, -1),
      },
    ),
  DepthwiseConv2dNativeBackpropFilter: ([x, sizes, dy], attrs) => {
    const shape = numbersOf(sizes!);
    const gradient = convFilterGrad(x!, dy!, {
      ...depthwise(attrs),
      groups: shape[2]!,
      kernelSize: shape.slice(0, 2),
    });
    return { ...gradient, shape };
  },

  MaxPool: ([x], attrs) => maxPool(x!, pooling(attrs, 4)),
  MaxPool3D: ([x], attrs) => maxPool(x!, pooling(attrs, 5)),
  MaxPoolGrad: ([x, y, dy], attrs) => {
    const window = pooling(attrs, 4);
    const shape = maxPool(x!, window).shape;
    if (shape.some((size, i) => size !== y!.shape[i] || size !== dy!.shape[i]))
      throw failed(INVALID, `Expected orig_output and grad shape to be [${shape.join(',')}]`);
    return maxPoolGrad(x!, dy!, window);
  },
  AvgPool: ([x], attrs) => avgPool(x!, pooling(attrs, 4)),
  AvgPool3D: ([x], attrs) => avgPool(x!, pooling(attrs, 5)),
  AvgPoolGrad: ([sizes, dy], attrs) =>
    avgPoolGrad(dy!, { ...pooling(attrs, 4), inputSize: numbersOf(sizes!).slice(1, -1) }),
  AvgPool3DGrad: ([sizes, dy], attrs) =>
    avgPoolGrad(dy!, { ...pooling(attrs, 5), inputSize: numbersOf(sizes!).slice(1, -1) }),
};
