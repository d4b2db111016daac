import { z } from 'zod';
import { activate, activation } from './activation.ts';
import { dataFormat, kernelAndBias, padding, sizes, units } from './config.ts';
import { channelsOf } from './conv.ts';
import { defineLayer } from './layer.ts';
import { kernelAndBiasVariables } from './weights.ts';

/**
 * The output size of one axis, and the padding of the convolution that it is the gradient of.
 * Source: compute_conv_transpose_output_shape and _convert_conv_transpose_padding_args_from_keras_to_jax in
 * keras.src.backend.common.backend_utils.
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
    const last = mode === 'same' ? stride : Math.max(span, stride);
    return { size: grown(size, stride, last), pads: [before, crop - before] };
  }
  if (outputPadding >= stride)
    throw new RangeError(`output_padding ${outputPadding} must be smaller than stride ${stride}`);
  if (mode === 'valid') return { size: grown(size, stride, span + outputPadding), pads: [0, 0] };
  const start = Math.max(span - 1 - Math.ceil((span + (span % 2) - 2 + outputPadding) / 2), 0);
  const end = Math.max(span - (span % 2) - outputPadding - start, 0);
  return {
    size: grown(size, stride, (span % 2) + outputPadding),
    pads: [start, end],
  };
}

function grown(size: number | null, stride: number, last: number): number | null {
  return size === null ? null : (size - 1) * stride + last;
}

const outputPadding = z.int().nonnegative();

/** Conv2DTranspose and its like over `n` spatial axes; kernel [...kernel_size, filters, channels]. */
function transposedConvolution(className: string, n: number) {
  const config = z.strictObject({
    filters: units,
    kernel_size: sizes(n),
    strides: sizes(n, 1),
    padding,
    output_padding: z
      .union([outputPadding, z.array(outputPadding).length(n)])
      .transform((size) => (typeof size === 'number' ? Array<number>(n).fill(size) : size))
      .nullish(),
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

export const conv1dTranspose = transposedConvolution('Conv1DTranspose', 1);
export const conv2dTranspose = transposedConvolution('Conv2DTranspose', 2);
