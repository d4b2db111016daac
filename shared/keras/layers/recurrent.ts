import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { formatShape } from '../../program/tensor.ts';
import { activations, type ActivationName } from '../activations.ts';
import { activation } from './activation.ts';
import { initializer, optionalObject, units } from './config.ts';
import { defineLayer, type CallContext } from './layer.ts';
import { dropped } from './regularizing.ts';
import { maskOf, unknownLength } from './sequences.ts';

const share = z.number().min(0).max(1).default(0);

/** What an LSTM takes beside its input, by Keras's names. */
const lstmConfig = z.strictObject({
  units,
  activation: activation.prefault('tanh'),
  recurrent_activation: activation.prefault('sigmoid'),
  use_bias: z.boolean().default(true),
  unit_forget_bias: z.boolean().default(true),
  kernel_initializer: initializer('glorot_uniform'),
  recurrent_initializer: initializer('orthogonal'),
  bias_initializer: initializer('zeros'),
  kernel_regularizer: optionalObject,
  recurrent_regularizer: optionalObject,
  bias_regularizer: optionalObject,
  activity_regularizer: z.null().optional(),
  kernel_constraint: optionalObject,
  recurrent_constraint: optionalObject,
  bias_constraint: optionalObject,
  dropout: share,
  recurrent_dropout: share,
  seed: z.int().nullish(),
  return_sequences: z.boolean().default(false),
  return_state: z.boolean().default(false),
  go_backwards: z.boolean().default(false),
  stateful: z.literal(false).default(false),
  unroll: z.boolean().default(false),
  zero_output_for_mask: z.boolean().default(false),
  use_cudnn: z.union([z.literal('auto'), z.boolean()]).optional(),
});
type LstmConfig = z.infer<typeof lstmConfig>;

/** The output h and the carry c of a step; null before the first, where both are zero. */
type State = { readonly h: Value; readonly c: Value } | null;

/**
 * Long short-term memory over [batch, steps, features], unrolled over the steps. Gates stand in Keras's order:
 * input, forget, cell, output. Source: keras.src.layers.rnn.lstm.LSTMCell and the loop of keras.src.backend.*.rnn.
 */
export const lstm = defineLayer({
  className: 'LSTM',
  config: lstmConfig,
  variables(config, [input]) {
    const features = input!.at(-1);
    if (input!.length !== 3 || features == null)
      throw new RangeError(`expected (batch, steps, known features); got ${formatShape(input!)}`);
    const gates = 4 * config.units;
    const bias = {
      name: 'cell/bias',
      shape: [gates],
      initializer: config.unit_forget_bias
        ? {
            class_name: 'UnitForgetBias',
            config: { bias_initializer: config.bias_initializer, units: config.units },
          }
        : config.bias_initializer,
      regularizer: config.bias_regularizer,
      constraint: config.bias_constraint,
    };
    return [
      {
        name: 'cell/kernel',
        shape: [features, gates],
        initializer: config.kernel_initializer,
        regularizer: config.kernel_regularizer,
        constraint: config.kernel_constraint,
      },
      {
        name: 'cell/recurrent_kernel',
        shape: [config.units, gates],
        initializer: config.recurrent_initializer,
        regularizer: config.recurrent_regularizer,
        constraint: config.recurrent_constraint,
      },
      ...(config.use_bias ? [bias] : []),
    ];
  },
  call(context, [x, ...given], config) {
    const { ops } = context;
    const [batch, steps] = x!.shape;
    if (steps == null) {
      const state = unknownLength(ops, [batch!, config.units]);
      const sequence = unknownLength(ops, [batch!, null, config.units]);
      const output = config.return_sequences ? sequence : state;
      return config.return_state ? [output, state, state] : output;
    }
    const step = stepper(context, x!, config);
    const mask = maskOf(context, x!);
    let state = initialState(context, given);
    let output: Value | null = null;
    const outputs: Value[] = [];
    for (let i = 0; i < steps; i++) {
      const at = config.go_backwards ? steps - 1 - i : i;
      const next = step(at, state);
      if (mask) {
        const seen = ops.reshape(ops.slice(mask, [0, at, 0], [null, 1, null]), [batch!, 1]);
        const before = config.zero_output_for_mask ? 0 : (state?.h ?? 0);
        output = ops.select(seen, next.h, before);
        state = {
          h: ops.select(seen, next.h, state?.h ?? 0),
          c: ops.select(seen, next.c, state?.c ?? 0),
        };
      } else {
        state = next;
        output = next.h;
      }
      outputs.push(output);
    }
    const result = config.return_sequences
      ? ops.concat(
          outputs.map((h) => ops.reshape(h, [batch!, 1, config.units])),
          1,
        )
      : output!;
    return config.return_state ? [result, state!.h, state!.c] : result;
  },
});

/** Gives the function that does one step. The inputs' share of the gates is computed for all steps at once. */
function stepper(context: CallContext, x: Value, config: LstmConfig) {
  const { ops } = context;
  const recurrent = context.variable('cell/recurrent_kernel');
  const activate = activations[config.activation as ActivationName];
  const gate = activations[config.recurrent_activation as ActivationName];
  const [batch] = x.shape;
  const size = config.units;
  let inputs = x;
  if (context.training && config.dropout > 0) {
    // One mask for all steps, as Keras draws it.
    const first = ops.slice(x, [0, 0, 0], [null, 1, null]);
    inputs = ops.mul(x, dropped(context, first, config.dropout));
  }
  let projected = ops.matMul(inputs, context.variable('cell/kernel'));
  if (config.use_bias) projected = ops.add(projected, context.variable('cell/bias'));
  const part = (z: Value, i: number) => ops.slice(z, [0, i * size], [null, size]);
  let masks: Value[] | null = null;

  return (at: number, state: State): { h: Value; c: Value } => {
    let z = ops.reshape(ops.slice(projected, [0, at, 0], [null, 1, null]), [batch!, 4 * size]);
    if (state && context.training && config.recurrent_dropout > 0) {
      masks ??= [0, 1, 2, 3].map(() => dropped(context, state.h, config.recurrent_dropout));
      const shares = masks.map((mask, i) =>
        ops.matMul(ops.mul(state.h, mask), ops.slice(recurrent, [0, i * size], [null, size])),
      );
      z = ops.add(z, ops.concat(shares, -1));
    } else if (state) z = ops.add(z, ops.matMul(state.h, recurrent));
    const fresh = ops.mul(gate(ops, part(z, 0)), activate(ops, part(z, 2)));
    const c = state ? ops.add(ops.mul(gate(ops, part(z, 1)), state.c), fresh) : fresh;
    return { h: ops.mul(gate(ops, part(z, 3)), activate(ops, c)), c };
  };
}

/** The state that the call gives, as `initial_state` or after the input. */
function initialState({ kwargs }: CallContext, given: readonly Value[]): State {
  const states = (kwargs['initial_state'] as readonly Value[] | undefined) ?? given;
  if (states.length === 0) return null;
  if (states.length !== 2)
    throw new RangeError(`initial_state holds 2 tensors, h and c; got ${states.length}`);
  return { h: states[0]!, c: states[1]! };
}
