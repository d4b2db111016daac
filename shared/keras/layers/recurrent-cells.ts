import { z } from 'zod';
import { activations, type ActivationName } from '../activations.ts';
import { activation } from './activation.ts';
import { recurrent, recurrentConfig, type RecurrentConfig } from './recurrent.ts';

const gated = {
  ...recurrentConfig,
  recurrent_activation: activation.prefault('sigmoid'),
  use_cudnn: z.union([z.literal('auto'), z.boolean()]).optional(),
};

/** Keras computes gate by gate, with a dropout mask for each, where the recurrent share is dropped. */
const masksPerGate = ({ recurrent_dropout }: RecurrentConfig) => recurrent_dropout > 0;

/** h' = activation(x · kernel + h · recurrent_kernel + bias). */
export const simpleRnn = recurrent('SimpleRNN', z.strictObject(recurrentConfig), {
  gates: 1,
  states: 1,
  masksPerGate: () => false,
  bias: ({ units, bias_initializer }) => ({ shape: [units], initializer: bias_initializer }),
  step({ ops, inputs: [x], recur, activate }) {
    const [h] = recur(0, 1);
    return [activate(h ? ops.add(x!, h) : x!)];
  },
});

/** Long short-term memory. Gates in Keras's order: input, forget, cell, output. */
export const lstm = recurrent(
  'LSTM',
  z.strictObject({ ...gated, unit_forget_bias: z.boolean().default(true) }),
  {
    gates: 4,
    states: 2,
    masksPerGate,
    bias: ({ units, bias_initializer, unit_forget_bias }) => ({
      shape: [4 * units],
      initializer: unit_forget_bias
        ? { class_name: 'UnitForgetBias', config: { bias_initializer, units } }
        : bias_initializer,
    }),
    step({ ops, inputs, states, recur, activate }, _, config) {
      const shares = recur(0, 4);
      const [i, f, g, o] = inputs.map((x, at) => (shares[at] ? ops.add(x, shares[at]) : x));
      const gate = activations[config.recurrent_activation as ActivationName];
      const fresh = ops.mul(gate(ops, i!), activate(g!));
      const [, carry] = states;
      const c = carry ? ops.add(ops.mul(gate(ops, f!), carry), fresh) : fresh;
      return [ops.mul(gate(ops, o!), activate(c)), c];
    },
  },
);

/**
 * Gated recurrent unit. Gates in Keras's order: update, reset, candidate. With `reset_after` the reset gate acts on
 * h · recurrent_kernel, which has a bias of its own; else on h itself.
 */
export const gru = recurrent(
  'GRU',
  z.strictObject({ ...gated, reset_after: z.boolean().default(true) }),
  {
    gates: 3,
    states: 1,
    masksPerGate,
    bias: ({ units, bias_initializer, reset_after }) => ({
      shape: reset_after ? [2, 3 * units] : [3 * units],
      initializer: bias_initializer,
    }),
    inputBias: (ops, bias, { units, reset_after }) =>
      reset_after ? ops.reshape(ops.slice(bias, [0, 0], [1, 3 * units]), [3 * units]) : bias,
    step({ ops, inputs: [xz, xr, xh], states: [h], recur, activate }, { variable }, config) {
      const { units, reset_after, use_bias } = config;
      const gate = activations[config.recurrent_activation as ActivationName];
      const added = (x: typeof xz, y: typeof xz | null) => (y ? ops.add(x!, y) : x!);
      const [hz, hr, candidate] = recur(0, reset_after ? 3 : 2);
      const bias = (i: number) =>
        ops.reshape(ops.slice(variable('cell/bias'), [1, i * units], [1, units]), [units]);
      const withBias = (share: typeof xz | null, i: number) => {
        if (!reset_after || !use_bias) return share ?? null;
        return share ? ops.add(share, bias(i)) : bias(i);
      };
      const update = gate(ops, added(xz, withBias(hz, 0)));
      const reset = gate(ops, added(xr, withBias(hr, 1)));
      const recurrentShare = reset_after
        ? withBias(candidate, 2)
        : h
          ? recur(2, 1, ops.mul(reset, h))[0]!
          : null;
      const inner = reset_after && recurrentShare ? ops.mul(reset, recurrentShare) : recurrentShare;
      const fresh = ops.mul(ops.sub(1, update), activate(added(xh, inner)));
      return [h ? ops.add(ops.mul(update, h), fresh) : fresh];
    },
  },
);
