import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { formatShape, type Shape } from '../../program/tensor.ts';
import { softmax } from '../activations.ts';
import { defineLayer, type CallContext, type VariableSpec } from './layer.ts';
import { dropped } from './regularizing.ts';
import { unknownLength } from './sequences.ts';

const common = {
  dropout: z.number().min(0).max(1).default(0),
  seed: z.int().nullish(),
};

/** Taken off the scores of positions that are masked. */
const MASKED = 1e9;

/**
 * Attention of a list [query, value] or [query, value, key] of [batch, steps, features]. Keywords: `mask`, a list for
 * query and value, `use_causal_mask`, `return_attention_scores`. Source: keras.src.layers.attention.attention.
 */
function attention<C extends { dropout: number }>(
  className: string,
  config: z.ZodType<C>,
  variables: (config: C, features: number) => VariableSpec[],
  scoresOf: (context: CallContext, query: Value, key: Value, config: C) => Value,
) {
  return defineLayer<C>({
    className,
    takes: 3,
    config,
    variables: (config, inputs) => variables(config, checked(className, inputs)),
    mask: ({ masks }) => [masks[0] ?? null],
    call(context, [query, value, key = value], config) {
      const { ops, kwargs, masks } = context;
      const [batch, targets] = query!.shape;
      const [, sources, features] = value!.shape;
      const withScores = kwargs['return_attention_scores'] === true;
      if (targets == null || sources == null) {
        const output = unknownLength(ops, [batch!, targets!, features!]);
        const scores = unknownLength(ops, [batch!, targets!, sources!]);
        return withScores ? [output, scores] : output;
      }
      const [queryMask, valueMask] = masks;
      const raw = scoresOf(context, query!, key!, config);
      const allowed = allowedSources(context, valueMask ?? null, batch!, targets, sources);
      const masked = allowed ? ops.select(allowed, raw, ops.sub(raw, MASKED)) : raw;
      const weights = softmax(ops, masked, [-1]);
      const used =
        context.training && config.dropout > 0
          ? ops.mul(weights, dropped(context, weights, config.dropout))
          : weights;
      const attended = ops.matMul(used, value!);
      const output = queryMask
        ? ops.select(ops.cast(ops.reshape(queryMask, [batch!, targets, 1]), 'bool'), attended, 0)
        : attended;
      return withScores ? [output, used] : output;
    },
  });
}

/** The features of the query, of inputs that are two or three sequences. */
function checked(className: string, inputs: readonly Shape[]): number {
  const features = inputs[0]?.at(-1);
  if (inputs.length < 2 || inputs.length > 3 || inputs.some((input) => input.length !== 3))
    throw new RangeError(
      `${className} takes [query, value] or [query, value, key], each (batch, steps, features); got ${inputs.map(formatShape).join(', ')}`,
    );
  if (features == null) throw new RangeError('the last axis of the query must be known');
  return features;
}

/** Which source each target may attend to, as bool that broadcasts to [batch, targets, sources]; null: all. */
function allowedSources(
  { ops, kwargs }: CallContext,
  valueMask: Value | null,
  batch: number | null,
  targets: number,
  sources: number,
): Value | null {
  const known = valueMask && ops.cast(ops.reshape(valueMask, [batch, 1, sources]), 'bool');
  if (kwargs['use_causal_mask'] !== true) return known;
  const data = Uint8Array.from({ length: targets * sources }, (_, i) =>
    Number(Math.floor(i / sources) >= i % sources),
  );
  const causal = ops.constant({ shape: [1, targets, sources], dtype: 'bool', data });
  return known ? ops.and(known, causal) : causal;
}

/** query and key side by side as [batch, targets, sources, features], added. */
function pairs(ops: Ops, query: Value, key: Value): Value {
  const [batch, targets, features] = query.shape;
  return ops.add(
    ops.reshape(query, [batch!, targets!, 1, features!]),
    ops.reshape(key, [batch!, 1, key.shape[1]!, features!]),
  );
}

const one = (name: string): VariableSpec => ({ name, shape: [], initializer: 'ones' });

/** Luong's attention: scores are products of query and key, or a tanh of their sum. */
export const dotAttention = attention(
  'Attention',
  z.strictObject({
    use_scale: z.boolean().default(false),
    score_mode: z.enum(['dot', 'concat']).default('dot'),
    ...common,
  }),
  ({ use_scale, score_mode }) => [
    ...(use_scale ? [one('scale')] : []),
    ...(score_mode === 'concat' ? [one('concat_score_weight')] : []),
  ],
  ({ ops, variable }, query, key, { use_scale, score_mode }) => {
    const scaled = (x: Value) => (use_scale ? ops.mul(x, variable('scale')) : x);
    if (score_mode === 'dot') return scaled(ops.matMul(query, key, false, true));
    const sum = ops.reduceSum(ops.tanh(scaled(pairs(ops, query, key))), [-1]);
    return ops.mul(sum, variable('concat_score_weight'));
  },
);

/** Bahdanau's attention: scores are weighted sums of tanh(query + key). */
export const additiveAttention = attention(
  'AdditiveAttention',
  z.strictObject({ use_scale: z.boolean().default(true), ...common }),
  ({ use_scale }, features) =>
    use_scale ? [{ name: 'scale', shape: [features], initializer: 'glorot_uniform' }] : [],
  ({ ops, variable }, query, key, { use_scale }) => {
    const curve = ops.tanh(pairs(ops, query, key));
    return ops.reduceSum(use_scale ? ops.mul(curve, variable('scale')) : curve, [-1]);
  },
);
