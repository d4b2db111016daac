import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { formatShape } from '../../program/tensor.ts';
import { activations, type ActivationName } from '../activations.ts';
import { activation } from './activation.ts';
import { initializer, optionalObject, units } from './config.ts';
import { defineLayer, type CallContext, type LayerDefinition, type VariableSpec } from './layer.ts';
import { stepMask, unknownLength } from './sequences.ts';

const share = z.number().min(0).max(1).default(0);

/** What every recurrent layer takes beside its input, by Keras's names. */
export const recurrentConfig = {
  units,
  activation: activation.prefault('tanh'),
  use_bias: z.boolean().default(true),
  kernel_initializer: initializer('glorot_uniform'),
  recurrent_initializer: initializer('orthogonal'),
  bias_initializer: initializer('zeros'),
  kernel_regularizer: optionalObject,
  recurrent_regularizer: optionalObject,
  bias_regularizer: optionalObject,
  kernel_constraint: optionalObject,
  recurrent_constraint: optionalObject,
  bias_constraint: optionalObject,
  dropout: share,
  recurrent_dropout: share,
  seed: z.int().nullish(),
  return_sequences: z.boolean().default(false),
  return_state: z.boolean().default(false),
  go_backwards: z.boolean().default(false),
  stateful: z
    .literal(false, { error: 'a state that is kept from batch to batch is not supported' })
    .default(false),
  unroll: z.boolean().default(false),
  zero_output_for_mask: z.boolean().default(false),
};
export type RecurrentConfig = z.infer<z.ZodObject<typeof recurrentConfig>>;

/** What a cell computes at one step. */
export interface Step {
  readonly ops: Ops;
  /** The input's share of each gate, bias included: [batch, units]. */
  readonly inputs: readonly Value[];
  /** The states before the step, the output first; null where they are zero. */
  readonly states: readonly (Value | null)[];
  /** x · the recurrent kernel's part for the gates from `first` on, each [batch, units]. x is (dropped) h unless told. */
  recur(first: number, count: number, x?: Value): (Value | null)[];
  readonly activate: (x: Value) => Value;
}

/** What makes one recurrent layer different from another. */
export interface Cell<C extends RecurrentConfig> {
  readonly gates: number;
  readonly states: number;
  /** Dropout draws a mask a gate where this is true, else one for all. */
  readonly masksPerGate: (config: C) => boolean;
  bias(config: C): Pick<VariableSpec, 'shape' | 'initializer'>;
  /** The part of the bias that is added to the inputs' share; all of it unless told. */
  inputBias?(ops: Ops, bias: Value, config: C): Value;
  /** The new states, the output first. */
  step(step: Step, context: CallContext, config: C): readonly Value[];
}

/** More steps than this are not unrolled into one program. */
const MOST_STEPS = 4096;

/**
 * A recurrent layer over [batch, steps, features], unrolled over the steps. Source: keras.src.layers.rnn.rnn.RNN and
 * the loop of keras.src.backend.torch.rnn: where the mask is off, states stay and the output is the one before (zero
 * before the first, and with zero_output_for_mask).
 */
export function recurrent<C extends RecurrentConfig>(
  className: string,
  config: z.ZodType<C>,
  cell: Cell<C>,
): LayerDefinition {
  return defineLayer<C>({
    className,
    takes: Infinity, // the sequence, then its initial states
    takesMask: true,
    config,
    variables: (config, [input]) => variables(config, cell, input!.at(-1), input!),
    mask: ({ masks }, _, { return_sequences }) => (return_sequences ? [masks[0] ?? null] : []),
    call(context, [x, ...given], config) {
      const { ops } = context;
      const [batch, steps] = x!.shape;
      if (steps == null) {
        const state = unknownLength(ops, [batch!, config.units]);
        const sequence = unknownLength(ops, [batch!, null, config.units]);
        const output = config.return_sequences ? sequence : state;
        return config.return_state ? [output, ...Array<Value>(cell.states).fill(state)] : output;
      }
      if (steps > MOST_STEPS)
        throw new RangeError(`a sequence of ${steps} steps; the most is ${MOST_STEPS}`);
      const initial = initialStates(context, given, cell.states);
      const mask = maskOf(context, x!, initial !== null);
      const advance = stepper(context, x!, config, cell);
      // Bidirectional decides for the layers that it wraps.
      const zeroes = context.kwargs['zero_output_for_mask'] ?? config.zero_output_for_mask;
      const keepsOutput = !zeroes || config.unroll;
      let states: readonly (Value | null)[] = initial ?? Array<null>(cell.states).fill(null);
      let output: Value | null = null;
      const outputs: Value[] = [];
      for (let i = 0; i < steps; i++) {
        const at = config.go_backwards ? steps - 1 - i : i;
        const next = advance(at, states);
        if (mask) {
          const seen = ops.reshape(ops.slice(mask, [0, at, 0], [null, 1, null]), [batch!, 1]);
          output = ops.select(seen, next[0]!, (keepsOutput && output) || 0);
          states = next.map((state, j) => ops.select(seen, state, states[j] ?? 0));
        } else {
          states = next;
          output = next[0]!;
        }
        outputs.push(output);
      }
      const rows = () => outputs.map((h) => ops.reshape(h, [batch!, 1, config.units]));
      const result = config.return_sequences ? ops.concat(rows(), 1) : output!;
      return config.return_state ? [result, ...(states as Value[])] : result;
    },
  });
}

function variables<C extends RecurrentConfig>(
  config: C,
  cell: Cell<C>,
  features: number | null | undefined,
  input: readonly (number | null)[],
): VariableSpec[] {
  if (input.length !== 3 || features == null)
    throw new RangeError(`expected (batch, steps, known features); got ${formatShape(input)}`);
  const size = cell.gates * config.units;
  const bias: VariableSpec = {
    name: 'cell/bias',
    ...cell.bias(config),
    regularizer: config.bias_regularizer,
    constraint: config.bias_constraint,
  };
  return [
    {
      name: 'cell/kernel',
      shape: [features, size],
      initializer: config.kernel_initializer,
      regularizer: config.kernel_regularizer,
      constraint: config.kernel_constraint,
    },
    {
      name: 'cell/recurrent_kernel',
      shape: [config.units, size],
      initializer: config.recurrent_initializer,
      regularizer: config.recurrent_regularizer,
      constraint: config.recurrent_constraint,
    },
    ...(config.use_bias ? [bias] : []),
  ];
}

/** Gives the function that does one step. The inputs' share of the gates is computed for all steps at once. */
function stepper<C extends RecurrentConfig>(
  context: CallContext,
  x: Value,
  config: C,
  cell: Cell<C>,
) {
  const { ops } = context;
  const { units: size } = config;
  const [batch] = x.shape;
  const kernel = context.variable('cell/kernel');
  const recurrentKernel = context.variable('cell/recurrent_kernel');
  const perGate = cell.masksPerGate(config) ? cell.gates : 1;
  const columns = (value: Value, first: number, count: number) =>
    count === cell.gates ? value : ops.slice(value, [0, first * size], [null, count * size]);

  const inputMasks = dropoutMasks(
    context,
    ops.slice(x, [0, 0, 0], [null, 1, null]),
    config.dropout,
    perGate,
  );
  const shares = inputMasks
    ? inputMasks.map((mask, i) =>
        ops.matMul(ops.mul(x, mask), columns(kernel, i, cell.gates / perGate)),
      )
    : [ops.matMul(x, kernel)];
  let projected = ops.concat(shares, -1);
  if (config.use_bias) {
    const bias = context.variable('cell/bias');
    projected = ops.add(projected, cell.inputBias?.(ops, bias, config) ?? bias);
  }

  let stateMasks: readonly Value[] | null | undefined;
  return (at: number, states: readonly (Value | null)[]): readonly Value[] => {
    const row = ops.reshape(ops.slice(projected, [0, at, 0], [null, 1, null]), [
      batch!,
      cell.gates * size,
    ]);
    const part = (value: Value, i: number) =>
      cell.gates === 1 ? value : ops.slice(value, [0, i * size], [null, size]);
    const [h] = states;
    if (h && stateMasks === undefined)
      stateMasks = dropoutMasks(context, h, config.recurrent_dropout, perGate);
    const masked = (value: Value, i: number) =>
      stateMasks ? ops.mul(value, stateMasks[perGate === 1 ? 0 : i]!) : value;
    const step: Step = {
      ops,
      inputs: Array.from({ length: cell.gates }, (_, i) => part(row, i)),
      states,
      activate: (value) => activations[config.activation as ActivationName](ops, value),
      recur(first, count, own) {
        const from = own ?? h;
        if (!from) return Array<null>(count).fill(null);
        if (stateMasks && perGate > 1)
          return Array.from({ length: count }, (_, i) =>
            ops.matMul(masked(from, first + i), columns(recurrentKernel, first + i, 1)),
          );
        const all = ops.matMul(masked(from, 0), columns(recurrentKernel, first, count));
        if (count === 1) return [all];
        return Array.from({ length: count }, (_, i) => ops.slice(all, [0, i * size], [null, size]));
      },
    };
    return cell.step(step, context, config);
  };
}

/** Keras draws dropout's masks once for all steps. Null where nothing is dropped. */
function dropoutMasks(context: CallContext, like: Value, rate: number, count: number) {
  if (!context.training || rate <= 0 || rate >= 1) return null;
  const { ops } = context;
  return Array.from({ length: count }, () => {
    const drawn = context.random(like, { kind: 'uniform', low: 0, high: 1 });
    return ops.mul(ops.cast(ops.lessEqual(rate, drawn), 'float32'), 1 / (1 - rate));
  });
}

/** The states that the call gives, as `initial_state` or after the input; null: zeros. */
function initialStates({ kwargs }: CallContext, given: readonly Value[], count: number) {
  const named = kwargs['initial_state'] as Value | readonly Value[] | undefined;
  const states = named === undefined ? given : [named].flat();
  if (states.length === 0) return null;
  if (states.length !== count)
    throw new RangeError(`initial_state holds ${count} tensors; got ${states.length}`);
  return states as readonly Value[];
}

/**
 * The call's own mask, else the one that came with the sequences. As in Keras, one that came along is not used in a
 * call with an initial state.
 */
function maskOf(context: CallContext, x: Value, hasStates: boolean): Value | null {
  const own = context.kwargs['mask'] != null;
  return own || !hasStates ? stepMask(context, x) : null;
}
