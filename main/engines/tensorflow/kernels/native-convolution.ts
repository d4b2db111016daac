import type { NamedAttrMap, Tensor, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core';
import type { ConvAttrs, OpAttrs } from '../../../../shared/program/attributes.ts';
import type { Tf } from './kernel.ts';
import { bordersOf, padSpatial } from './window.ts';

type Two = [number, number];
type Three = [number, number, number];

/**
 * tfjs's own kernels for convolutions over two and three axes, with padding 'valid' or 'same'.
 * None is dilated, but for a forward convolution over two axes without strides (`dilates`);
 * none has groups, but for one input channel a group (`isDepthwise`).
 */
export function nativeConvolution(tf: Tf) {
  const run = (kernel: string, inputs: Record<string, Tensor>, attrs: NamedAttrMap): Tensor =>
    tf.engine().runKernel(kernel, inputs, attrs);

  /** What the gradient kernels take beside shapes. */
  const window = ({ strides, padding }: ConvAttrs): NamedAttrMap => ({
    strides: [...strides],
    pad: padding as string,
    dataFormat: 'NHWC',
  });
  const depthwise = (attrs: ConvAttrs): NamedAttrMap => ({ ...window(attrs), dilations: [1, 1] });

  /** Keras's grouped filter [h, w, 1, C * m] and TensorFlow's depthwise one [h, w, C, m] hold the same numbers. */
  const byChannel = (filter: Tensor, channels: number) =>
    tf.reshape(filter, [...filter.shape.slice(0, 2), channels, filter.shape.at(-1)! / channels]);

  return {
    dilates: ({ strides, groups }: ConvAttrs) =>
      strides.length === 2 && groups === 1 && strides.every((stride) => stride === 1),

    /** TensorFlow's depthwise kernels want the same stride both ways. */
    isDepthwise: ({ strides }: ConvAttrs, channelsPerGroup: number) =>
      strides.length === 2 && channelsPerGroup === 1 && strides[0] === strides[1],

    conv(x: Tensor, filter: Tensor, attrs: ConvAttrs): Tensor {
      const { strides, dilations, groups } = attrs;
      const pad = attrs.padding as 'valid' | 'same';
      if (strides.length === 3)
        return tf.conv3d(x as Tensor5D, filter as Tensor5D, strides as Three, pad);
      if (groups > 1)
        return run(
          'DepthwiseConv2dNative',
          { x, filter: byChannel(filter, groups) },
          depthwise(attrs),
        );
      return tf.conv2d(
        x as Tensor4D,
        filter as Tensor4D,
        strides as Two,
        pad,
        'NHWC',
        dilations as Two,
      );
    },

    inputGrad(dy: Tensor, filter: Tensor, attrs: OpAttrs['convInputGrad']): Tensor {
      const channels = filter.shape.at(-2)! * attrs.groups;
      const inputShape = [dy.shape[0]!, ...(attrs.inputSize as readonly number[]), channels];
      if (attrs.strides.length === 3)
        return run('Conv3DBackpropInputV2', { dy, filter }, { ...window(attrs), inputShape });
      if (attrs.groups > 1)
        return run(
          'DepthwiseConv2dNativeBackpropInput',
          { dy, filter: byChannel(filter, channels) },
          { ...depthwise(attrs), inputShape },
        );
      return run('Conv2DBackpropInput', { dy, filter }, { ...window(attrs), inputShape });
    },

    filterGrad(x: Tensor, dy: Tensor, attrs: OpAttrs['convFilterGrad']): Tensor {
      const [channels, filters] = [x.shape.at(-1)!, dy.shape.at(-1)!];
      if (attrs.groups > 1) {
        const filterShape = [...attrs.kernelSize, channels, filters / channels];
        const gradient = run(
          'DepthwiseConv2dNativeBackpropFilter',
          { x, dy },
          { ...depthwise(attrs), filterShape },
        );
        return tf.reshape(gradient, [...attrs.kernelSize, 1, filters]);
      }
      if (attrs.strides.length === 2 && tf.getBackend() === 'cpu')
        return filterGradByForward(tf, x, dy, attrs);
      const filterShape = [...attrs.kernelSize, channels, filters];
      const kernel = attrs.strides.length === 3 ? 'Conv3DBackpropFilterV2' : 'Conv2DBackpropFilter';
      return run(kernel, { x, dy }, { ...window(attrs), filterShape });
    },
  };
}

/**
 * The filter's gradient as a forward convolution of x with dy, batch and channels swapped, its strides as dilations.
 * The JavaScript backend's own kernel for it takes 90 times as long.
 */
function filterGradByForward(
  tf: Tf,
  x: Tensor,
  dy: Tensor,
  { strides, padding, kernelSize }: OpAttrs['convFilterGrad'],
): Tensor {
  const borders = bordersOf(x.shape.slice(1, -1), kernelSize, strides, padding);
  const images = tf.transpose(padSpatial(tf, x, borders, 0), [3, 1, 2, 0]);
  const filter = tf.transpose(dy, [1, 2, 0, 3]);
  const gradient = tf.conv2d(
    images as Tensor4D,
    filter as Tensor4D,
    1,
    'valid',
    'NHWC',
    strides as Two,
  );
  // Strides may leave a rest at the far borders, which is beyond the kernel.
  const taps = tf.slice(gradient, [0, 0, 0, 0], [-1, kernelSize[0]!, kernelSize[1]!, -1]);
  return tf.transpose(taps, [1, 2, 0, 3]);
}
