import { z } from 'zod';
import type { Padding } from '../../program/shapes.ts';
import { formatShape, type Shape } from '../../program/tensor.ts';
import { activate, activation } from './activation.ts';
import { causalPadding, dataFormat, kernelAndBias, padding, sizes, units } from './config.ts';
import { defineLayer } from './layer.ts';
import { kernelAndBiasVariables } from './weights.ts';

/** Conv2D and its like over `n` spatial axes; kernel [...kernel_size, channels / groups, filters]. */
function convolution(className: string, n: number) {
  const config = z.strictObject({
    filters: units,
    kernel_size: sizes(n),
    strides: sizes(n, 1),
    padding: n === 1 ? causalPadding : padding,
    data_format: dataFormat,
    dilation_rate: sizes(n, 1),
    groups: z.int().positive().default(1),
    activation,
    ...kernelAndBias,
  });
  return defineLayer({
    className,
    config,
    variables({ filters, kernel_size, groups, ...config }, [input]) {
      const channels = channelsOf(input!, n);
      if (channels % groups || filters % groups)
        throw new RangeError(
          `${groups} groups must divide ${channels} channels and ${filters} filters`,
        );
      return kernelAndBiasVariables(config, [...kernel_size, channels / groups, filters], filters);
    },
    call(context, [x], config) {
      const y = context.ops.conv(x!, context.variable('kernel'), {
        strides: config.strides,
        padding: windowPadding(config),
        dilations: config.dilation_rate,
        groups: config.groups,
      });
      const biased = config.use_bias ? context.ops.add(y, context.variable('bias')) : y;
      return activate(context, biased, config);
    },
  });
}

export const conv1d = convolution('Conv1D', 1);
export const conv2d = convolution('Conv2D', 2);
export const conv3d = convolution('Conv3D', 3);

/** The padding of a convolution's window: `causal` puts all of it before, so that no output sees a later step. */
export function windowPadding(config: {
  padding: 'valid' | 'same' | 'causal';
  kernel_size: number[];
  dilation_rate: number[];
}): Padding {
  if (config.padding !== 'causal') return config.padding;
  return config.kernel_size.map((taps, i) => [(taps - 1) * config.dilation_rate[i]!, 0] as const);
}

/** Channels of a channels-last image. Throws when the rank is wrong or the channels are unknown. */
export function channelsOf(input: Shape, spatialAxes: number): number {
  const channels = input.at(-1);
  if (input.length !== spatialAxes + 2 || channels == null)
    throw new RangeError(
      `expected a batch, ${spatialAxes} spatial axes and known channels; got ${formatShape(input)}`,
    );
  return channels;
}
