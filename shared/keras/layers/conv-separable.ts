import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { activate, activation } from './activation.ts';
import {
  causalPadding,
  dataFormat,
  initializer,
  optionalObject,
  padding,
  sizes,
  units,
} from './config.ts';
import { channelsOf, windowPadding } from './conv.ts';
import { defineLayer, type CallContext, type VariableSpec } from './layer.ts';

function depthwiseKeys(n: number) {
  return {
    kernel_size: sizes(n),
    strides: sizes(n, 1),
    padding: n === 1 ? causalPadding : padding,
    depth_multiplier: units.default(1),
    data_format: dataFormat,
    dilation_rate: sizes(n, 1),
    activation,
    use_bias: z.boolean().default(true),
    depthwise_initializer: initializer('glorot_uniform'),
    bias_initializer: initializer('zeros'),
    depthwise_regularizer: optionalObject,
    bias_regularizer: optionalObject,
    depthwise_constraint: optionalObject,
    bias_constraint: optionalObject,
  };
}

type Depthwise = z.infer<z.ZodObject<ReturnType<typeof depthwiseKeys>>>;

/** A filter of its own for each channel; kernel [...kernel_size, channels, depth_multiplier]. */
function depthwise({ ops }: CallContext, x: Value, kernel: Value, config: Depthwise): Value {
  const [channels, multiplier] = kernel.shape.slice(-2) as [number, number];
  const filter = ops.reshape(kernel, [...config.kernel_size, 1, channels * multiplier]);
  return ops.conv(x, filter, {
    strides: config.strides,
    padding: windowPadding(config),
    dilations: config.dilation_rate,
    groups: channels,
  });
}

const depthwiseVariable = (name: string, channels: number, config: Depthwise): VariableSpec => ({
  name,
  shape: [...config.kernel_size, channels, config.depth_multiplier],
  initializer: config.depthwise_initializer,
  regularizer: config.depthwise_regularizer,
  constraint: config.depthwise_constraint,
});

const biasVariable = (size: number, config: Depthwise): VariableSpec[] =>
  config.use_bias
    ? [
        {
          name: 'bias',
          shape: [size],
          initializer: config.bias_initializer,
          regularizer: config.bias_regularizer,
          constraint: config.bias_constraint,
        },
      ]
    : [];

function finish(context: CallContext, y: Value, config: Depthwise): Value {
  const biased = config.use_bias ? context.ops.add(y, context.variable('bias')) : y;
  return activate(context, biased, config);
}

function depthwiseConvolution(className: string, n: number) {
  const config = z.strictObject(depthwiseKeys(n));
  return defineLayer({
    className,
    config,
    variables(config, [input]) {
      const channels = channelsOf(input!, n);
      return [
        depthwiseVariable('kernel', channels, config),
        ...biasVariable(channels * config.depth_multiplier, config),
      ];
    },
    call: (context, [x], config) =>
      finish(context, depthwise(context, x!, context.variable('kernel'), config), config),
  });
}

/** A depthwise convolution, then a mix of the channels at each position. */
function separableConvolution(className: string, n: number) {
  const config = z.strictObject({
    ...depthwiseKeys(n),
    filters: units,
    pointwise_initializer: initializer('glorot_uniform'),
    pointwise_regularizer: optionalObject,
    pointwise_constraint: optionalObject,
  });
  return defineLayer({
    className,
    config,
    variables(config, [input]) {
      const channels = channelsOf(input!, n);
      return [
        depthwiseVariable('depthwise_kernel', channels, config),
        {
          name: 'pointwise_kernel',
          shape: [...Array<number>(n).fill(1), channels * config.depth_multiplier, config.filters],
          initializer: config.pointwise_initializer,
          regularizer: config.pointwise_regularizer,
          constraint: config.pointwise_constraint,
        },
        ...biasVariable(config.filters, config),
      ];
    },
    call(context, [x], config) {
      const deep = depthwise(context, x!, context.variable('depthwise_kernel'), config);
      const ones = Array<number>(n).fill(1);
      const y = context.ops.conv(deep, context.variable('pointwise_kernel'), {
        strides: ones,
        padding: 'valid',
        dilations: ones,
        groups: 1,
      });
      return finish(context, y, config);
    },
  });
}

export const depthwiseConv1d = depthwiseConvolution('DepthwiseConv1D', 1);
export const depthwiseConv2d = depthwiseConvolution('DepthwiseConv2D', 2);
export const separableConv1d = separableConvolution('SeparableConv1D', 1);
export const separableConv2d = separableConvolution('SeparableConv2D', 2);
