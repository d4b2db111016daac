import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { normalizeAxes } from '../../program/shapes.ts';
import { formatShape, sizeOf, type Dim, type Shape } from '../../program/tensor.ts';
import { softmax } from '../activations.ts';
import { withFans } from '../initializers.ts';
import { initializer, optionalObject, units } from './config.ts';
import { defineLayer, keepsMask, type CallContext, type VariableSpec } from './layer.ts';
import { dropped } from './regularizing.ts';
import { unknownLength } from './sequences.ts';

const config = z.strictObject({
  num_heads: units,
  key_dim: units,
  value_dim: units.nullish(),
  dropout: z.number().min(0).max(1).default(0),
  use_bias: z.boolean().default(true),
  use_gate: z.boolean().default(false),
  output_shape: z
    .union([units, z.array(units).min(1)])
    .nullish()
    .transform((size) => (typeof size === 'number' ? [size] : (size ?? null))),
  attention_axes: z
    .union([z.int(), z.array(z.int()).min(1)])
    .nullish()
    .transform((axes) => (axes == null ? null : [axes].flat())),
  sliding_window: units.nullish(),
  flash_attention: z.literal(false).nullish(),
  kernel_initializer: initializer('glorot_uniform'),
  bias_initializer: initializer('zeros'),
  kernel_regularizer: optionalObject,
  bias_regularizer: optionalObject,
  kernel_constraint: optionalObject,
  bias_constraint: optionalObject,
  seed: z.int().nullish(),
});
type Config = z.infer<typeof config>;

const SCORES = 'return_attention_scores';

/** Logits of what must not be attended to. */
const MASKED = -1e9;

/**
 * Multi-head attention of query [batch, T, features] to value and key [batch, S, features]. Inputs: query, value, and
 * key where it is not the value. Keywords: `attention_mask` [batch, T, S], `value_mask`, `key_mask`, `use_causal_mask`,
 * `return_attention_scores`; as in Keras, a `query_mask` counts only where it came along with the query. Without them,
 * inputs may have more axes, of which `attention_axes` are attended over.
 * Source: keras.src.layers.attention.multi_head_attention.
 */
export const multiHeadAttention = defineLayer({
  className: 'MultiHeadAttention',
  takes: 3,
  removesMasks: true,
  arguments: ['query', 'value', 'key'],
  config,
  mask: keepsMask,
  variables(config, [query, value, key = value]) {
    const { num_heads: heads, key_dim, value_dim } = config;
    const depth = value_dim ?? key_dim;
    return [
      ...projection(config, 'query_dense', [featuresOf(query)], [heads, key_dim]),
      ...projection(config, 'key_dense', [featuresOf(key)], [heads, key_dim]),
      ...(config.use_gate
        ? projection(config, 'gate_dense', [featuresOf(query)], [heads, depth])
        : []),
      ...projection(config, 'value_dense', [featuresOf(value)], [heads, depth]),
      ...projection(config, 'output_dense', [heads, depth], outputSizes(config, query!)),
    ];
  },
  call(context, [query, value, key = value], config) {
    const rank = query!.shape.length;
    const axes = attentionAxes(config, rank);
    return rank === 3
      ? attend(context, query!, value!, key!, config)
      : attendAcross(context, [query!, value!, key!], axes, config);
  },
});

/** Attention over axis 1 of [batch, steps, features]. */
function attend(context: CallContext, query: Value, value: Value, key: Value, config: Config) {
  const { ops, kwargs } = context;
  const { num_heads: heads, key_dim } = config;
  const depth = config.value_dim ?? key_dim;
  const [batch, targets] = query.shape;
  const sources = value.shape[1];
  const withScores = kwargs[SCORES] === true;
  const sizes = outputSizes(config, query.shape);
  if (targets == null || sources == null) {
    const output = unknownLength(ops, [batch!, targets!, ...sizes]);
    const scores = unknownLength(ops, [batch!, heads, targets!, sources!]);
    return withScores ? [output, scores] : output;
  }
  const heading = (x: Value, name: string, size: number) => {
    const projected = project(context, x, config, name, heads * size);
    return ops.transpose(ops.reshape(projected, [batch!, x.shape[1]!, heads, size]), [0, 2, 1, 3]);
  };
  const scaled = ops.mul(heading(query, 'query_dense', key_dim), 1 / Math.sqrt(key_dim));
  const logits = ops.matMul(scaled, heading(key, 'key_dense', key_dim), false, true);
  const mask = attentionMask(context, config, batch!, targets, sources);
  const spread = softmax(ops, mask ? ops.select(mask, logits, MASKED) : logits, [-1]);
  // Where Keras can't use its fused kernel, a row without anything to attend to gives 0.
  const zeroes = mask && (withScores || config.dropout > 0);
  const scores = zeroes ? ops.select(mask, spread, 0) : spread;
  const used =
    context.training && config.dropout > 0
      ? ops.mul(scores, dropped(context, scores, config.dropout))
      : scores;
  let attended = ops.matMul(used, heading(value, 'value_dense', depth));
  if (config.use_gate)
    attended = ops.mul(attended, ops.sigmoid(heading(query, 'gate_dense', depth)));
  const joined = ops.reshape(ops.transpose(attended, [0, 2, 1, 3]), [
    batch!,
    targets,
    heads * depth,
  ]);
  const output = ops.reshape(project(context, joined, config, 'output_dense', sizeOf(sizes)), [
    batch!,
    targets,
    ...sizes,
  ]);
  return withScores ? [output, scores] : output;
}

/** The axes to attend over: all between batch and features unless told. */
function attentionAxes({ attention_axes: given }: Config, rank: number): number[] {
  const between = Array.from({ length: rank - 2 }, (_, i) => i + 1);
  const axes = given ? normalizeAxes(given, rank) : between;
  if (axes.some((axis) => !between.includes(axis)))
    throw new RangeError(`attention_axes lie between batch and features; got [${axes}]`);
  return axes;
}

/** Attention over several axes of images and the like: they become one, and the other axes join the batch. */
function attendAcross(
  context: CallContext,
  tensors: readonly [query: Value, value: Value, key: Value],
  axes: readonly number[],
  config: Config,
): Value {
  const { ops, kwargs, masks } = context;
  const asked = ['attention_mask', 'value_mask', 'key_mask', 'use_causal_mask', SCORES];
  if (config.sliding_window != null || masks.some(Boolean) || asked.some((name) => kwargs[name]))
    throw new RangeError('masks, windows and scores are for sequences (batch, steps, features)');
  const [{ shape }] = tensors;
  const others = shape.map((_, i) => i).filter((i) => i < shape.length - 1 && !axes.includes(i));
  const perm = [...others, ...axes, shape.length - 1];
  const joined = tensors.map((x) => {
    const steps = sizeOf(axes.map((axis) => x.shape[axis]!));
    return ops.reshape(ops.transpose(x, perm), [null, steps, x.shape.at(-1)!]);
  });
  // Dropout draws for the batch, so the axes that join it stand apart.
  const apart = others.slice(1).map((axis) => shape[axis]!);
  const random: CallContext['random'] = (like, distribution) => {
    const [, ...rest] = 'id' in like ? like.shape : like;
    const drawn = context.random([shape[0]!, ...apart, ...rest], distribution);
    return ops.reshape(drawn, [null, ...rest]);
  };
  const [query, value, key] = joined as [Value, Value, Value];
  const output = attend({ ...context, random }, query, value, key, config) as Value;
  const sizes = outputSizes(config, shape);
  const spread = ops.reshape(output, [...perm.slice(0, -1).map((axis) => shape[axis]!), ...sizes]);
  const back = perm.slice(0, -1).map((_, axis) => perm.indexOf(axis));
  return ops.transpose(spread, [...back, ...sizes.map((_, i) => perm.length - 1 + i)]);
}

function featuresOf(shape: Shape | undefined): number {
  const features = shape?.at(-1);
  if (!shape || shape.length < 3 || features == null)
    throw new RangeError(
      `takes query and value of (batch, steps, …, known features); got ${shape ? formatShape(shape) : 'one input'}`,
    );
  return features;
}

function outputSizes({ output_shape }: Config, query: Shape): number[] {
  return output_shape ?? [featuresOf(query)];
}

/** The variables of an EinsumDense inside: from features (or heads and their size) to others. */
function projection(
  config: Config,
  name: string,
  from: readonly number[],
  to: readonly number[],
): VariableSpec[] {
  const axes = [...from, ...to].map((_, axis) => axis);
  const kernel: VariableSpec = {
    name: `${name}/kernel`,
    shape: [...from, ...to],
    initializer: withFans(
      config.kernel_initializer,
      axes.slice(0, from.length),
      axes.slice(from.length),
    ),
    regularizer: config.kernel_regularizer,
    constraint: config.kernel_constraint,
  };
  const bias: VariableSpec = {
    name: `${name}/bias`,
    shape: to,
    initializer: config.bias_initializer,
    regularizer: config.bias_regularizer,
    constraint: config.bias_constraint,
  };
  return config.use_bias ? [kernel, bias] : [kernel];
}

/** x · kernel + bias over the last axis of x, the results as one axis of `size`. */
function project(
  { ops, variable }: CallContext,
  x: Value,
  config: Config,
  name: string,
  size: number,
) {
  const kernel = ops.reshape(variable(`${name}/kernel`), [x.shape.at(-1)!, size]);
  const y = ops.matMul(x, kernel);
  return config.use_bias ? ops.add(y, ops.reshape(variable(`${name}/bias`), [size])) : y;
}

/** Which source each target may attend to, as bool that broadcasts to [batch, heads, targets, sources]; null: all. */
function attentionMask(
  { ops, kwargs, masks: [queryMask, valueMask, keyMask] }: CallContext,
  { sliding_window }: Config,
  batch: Dim,
  targets: number,
  sources: number,
): Value | null {
  const masks: Value[] = [];
  const give = (name: string, came: Value | null | undefined, shape: Shape) => {
    const mask = (kwargs[name] as Value | null | undefined) ?? came;
    if (mask) masks.push(ops.cast(ops.reshape(mask, shape), 'bool'));
  };
  if (queryMask) masks.push(ops.cast(ops.reshape(queryMask, [batch, 1, targets, 1]), 'bool'));
  give('value_mask', valueMask, [batch, 1, 1, sources]);
  give('key_mask', keyMask, [batch, 1, 1, sources]);
  const attention = kwargs['attention_mask'] as Value | null | undefined;
  if (attention) {
    const wide = attention.shape.length === 4 ? attention.shape : [batch, 1, targets, sources];
    masks.push(ops.cast(ops.reshape(attention, wide), 'bool'));
  }
  const fixed = (allowed: (target: number, source: number) => boolean) => {
    const data = Uint8Array.from({ length: targets * sources }, (_, i) =>
      Number(allowed(Math.floor(i / sources), i % sources)),
    );
    masks.push(ops.constant({ shape: [targets, sources], dtype: 'bool', data }));
  };
  if (kwargs['use_causal_mask'] === true) fixed((target, source) => target >= source);
  if (sliding_window != null) fixed((target, source) => Math.abs(target - source) < sliding_window);
  return masks.length > 0 ? masks.reduce((a, b) => ops.and(a, b)) : null;
}
