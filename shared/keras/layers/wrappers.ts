import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { formatShape, type Shape } from '../../program/tensor.ts';
import { defineLayer, keepsMask, type CallContext } from './layer.ts';
import { unknownLength } from './sequences.ts';

/**
 * The wrapped layer or model at every step of [batch, steps, …]. Steps join the batch where that changes nothing, else
 * (batch statistics, losses) the layer is called once a step, as Keras does.
 * Source: keras.src.layers.rnn.time_distributed.
 */
export const timeDistributed = defineLayer({
  className: 'TimeDistributed',
  takesMask: true,
  anyType: true,
  wraps: ['layer'],
  config: z.strictObject({}),
  mask: keepsMask,
  call(context, [x], _) {
    const { ops, masks } = context;
    if (x!.shape.length < 3)
      throw new RangeError(`expected (batch, steps, …); got ${formatShape(x!.shape)}`);
    const [batch, steps, ...rest] = x!.shape;
    const layer = context.wrapped('layer');
    const mask = masks[0];
    if (mask && mask.shape.length < 2)
      throw new RangeError(`a mask is (batch, steps, …); got ${formatShape(mask.shape)}`);
    const call = (inputs: Value, mask: Value | null, joined = 1) => {
      const outputs = layer.call([inputs], mask ? { mask } : {}, { direct: true, joined });
      if (outputs.length !== 1)
        throw new RangeError(
          `takes a layer with one output; ${layer.config.name} has ${outputs.length}`,
        );
      return outputs[0]!;
    };
    if (steps != null && layer.couplesSamples([{ shape: [batch!, ...rest], dtype: x!.dtype }])) {
      const at = (value: Value, i: number) => {
        const [, , ...inner] = value.shape;
        const starts = value.shape.map((_, axis) => (axis === 1 ? i : 0));
        const one = ops.slice(value, starts, [null, 1, ...inner]);
        return ops.reshape(one, [batch!, ...inner]);
      };
      const outputs = Array.from({ length: steps }, (_, i) =>
        call(at(x!, i), mask ? at(mask, i) : null),
      );
      return ops.concat(
        outputs.map((y) => ops.reshape(y, [batch!, 1, ...y.shape.slice(1)])),
        1,
      );
    }
    const joined = (value: Value) => joinSteps(ops, value);
    const y = call(joined(x!), mask ? joined(mask) : null, steps ?? 1);
    return reshaped(ops, y, [batch!, steps!, ...y.shape.slice(1)]);
  },
});

/** [batch, steps, …] as [batch * steps, …]. */
const joinSteps = (ops: Ops, value: Value) => reshaped(ops, value, [null, ...value.shape.slice(2)]);

/** A reshape that stands for itself while several of its dimensions are unknown. */
function reshaped(ops: Ops, value: Value, shape: Shape): Value {
  const open = shape.filter((dim) => dim === null).length;
  return open > 1 ? ops.cast(unknownLength(ops, shape), value.dtype) : ops.reshape(value, shape);
}

/** How the two directions become one output; null: they stay two. */
const merge: Readonly<Record<string, (ops: Ops, a: Value, b: Value) => Value>> = {
  concat: (ops, a, b) => ops.concat([a, b], -1),
  sum: (ops, a, b) => ops.add(a, b),
  mul: (ops, a, b) => ops.mul(a, b),
  ave: (ops, a, b) => ops.mul(ops.add(a, b), 0.5),
};

/**
 * A recurrent layer forwards and one backwards over the same sequences. Where they return sequences, masked steps give
 * 0. Source: keras.src.layers.rnn.bidirectional.
 */
export const bidirectional = defineLayer({
  className: 'Bidirectional',
  takes: Infinity, // the sequence, then the initial states of both directions
  takesMask: true,
  wraps: ['layer', 'backward_layer'],
  config: z.strictObject({
    merge_mode: z.enum(['concat', 'sum', 'mul', 'ave']).nullable().default('concat'),
    weights: z.null().optional(),
  }),
  mask(context, _, { merge_mode }) {
    if (context.wrapped('layer').config['return_sequences'] !== true) return [];
    const [mask] = context.masks;
    return merge_mode === null ? [mask ?? null, mask ?? null] : [mask ?? null];
  },
  call(context, [x, ...given], { merge_mode }) {
    const { ops, kwargs } = context;
    const [forward, backward] = directions(context);
    const named = kwargs['initial_state'] as Value | readonly Value[] | undefined;
    const states = named === undefined ? given : [named].flat();
    if (states.length % 2 === 1)
      throw new RangeError(`initial_state holds as many tensors a direction; got ${states.length}`);
    // Keras passes a mask that came along only where no initial state stands beside it.
    const mask = kwargs['mask'] ?? (states.length > 0 ? undefined : context.masks[0]);
    const run = (layer: typeof forward, state: readonly Value[]) =>
      layer.call([x!], {
        ...(mask ? { mask } : {}),
        ...(state.length > 0 && { initial_state: state }),
        zero_output_for_mask: forward.config['return_sequences'] === true,
      });
    const half = states.length / 2;
    const [y, ...after] = run(forward, states.slice(0, half));
    const [reversed, ...afterBackward] = run(backward, states.slice(half));
    const z = forward.config['return_sequences'] === true ? ops.reverse(reversed!, [1]) : reversed!;
    const outputs = merge_mode === null ? [y!, z] : [merge[merge_mode]!(ops, y!, z)];
    return [...outputs, ...after, ...afterBackward];
  },
});

/** Both layers, checked as Keras does: recurrent, of opposite directions, with the same kind of outputs. */
function directions(context: CallContext) {
  const forward = context.wrapped('layer');
  const backward = context.wrapped('backward_layer');
  const setting = (layer: typeof forward, key: string) => layer.config[key] === true;
  for (const { className } of [forward, backward])
    if (!RECURRENT.has(className))
      throw new RangeError(
        `takes a recurrent layer (${[...RECURRENT].join(', ')}); got ${className}`,
      );
  if (setting(forward, 'go_backwards') === setting(backward, 'go_backwards'))
    throw new RangeError('its layers must differ in go_backwards');
  for (const key of ['return_sequences', 'return_state'])
    if (setting(forward, key) !== setting(backward, key))
      throw new RangeError(`its layers must have the same ${key}`);
  return [forward, backward] as const;
}

const RECURRENT: ReadonlySet<string> = new Set(['SimpleRNN', 'LSTM', 'GRU']);
