import { z } from 'zod';
import { activate, activation } from './activation.ts';
import { dataFormat, kernelAndBias, padding, sizes, units } from './config.ts';
import { channelsOf } from './conv.ts';
import { defineLayer } from './layer.ts';
import { kernelAndBiasVariables } from './weights.ts';

/**
 * The output size of one axis, and the padding of the convolution that it is the gradient of.
 * Source: keras.src.backend.common.backend_utils.compute_conv_transpose_output_shape (output_padding None).
 */
function transposedAxis(
  size: number | null,
  kernel: number,
  stride: number,
  dilation: number,
  mode: 'valid' | 'same',
  outputPadding: number | null,
): { size: number | null; pads: readonly [number, number] } {
  const span = (kernel - 1) * dilation + 1;
  const crop = mode === 'same' ? Math.max(span - stride, 0) : 0;
  const before = Math.floor(crop / 2);
  if (outputPadding === null) {
    const out = mode === 'same' ? stride : stride + Math.max(span - stride, 0);
    const total =
      size === null ? null : mode === 'same' ? size * stride : (size - 1) * stride + out;
    return { size: total, pads: [before, crop - before] };
  }
  const half = mode === 'same' ? Math.floor(span / 2) : 0;
  const total = size === null ? null : (size - 1) * stride + span - 2 * half + outputPadding;
  return { size: total, pads: [half, half] };
}

/** Conv2DTranspose and its like over `n` spatial axes; kernel [...kernel_size, filters, channels]. */
function transposedConvolution(className: string, n: number) {
  const config = z.strictObject({
    filters: units,
    kernel_size: sizes(n),
    strides: sizes(n, 1),
    padding,
    output_padding: sizes(n).nullish(),
    data_format: dataFormat,
    dilation_rate: sizes(n, 1),
    activation,
    ...kernelAndBias,
  });
  return defineLayer({
    className,
    config,
    variables(config, [input]) {
      const shape = [...config.kernel_size, config.filters, channelsOf(input!, n)];
      return kernelAndBiasVariables(config, shape, config.filters);
    },
    call(context, [x], config) {
      const axes = config.kernel_size.map((kernel, i) =>
        transposedAxis(
          x!.shape[i + 1]!,
          kernel,
          config.strides[i]!,
          config.dilation_rate[i]!,
          config.padding,
          config.output_padding?.[i] ?? null,
        ),
      );
      const y = context.ops.convInputGrad(
        x!,
        context.variable('kernel'),
        axes.map((axis) => axis.size),
        {
          strides: config.strides,
          padding: axes.map((axis) => axis.pads),
          dilations: config.dilation_rate,
          groups: 1,
        },
      );
      const biased = config.use_bias ? context.ops.add(y, context.variable('bias')) : y;
      return activate(context, biased, config);
    },
  });
}

export const conv2dTranspose = transposedConvolution('Conv2DTranspose', 2);
