import { z } from 'zod';
import type { TensorValues } from './tensor.ts';
import type { MetricOutput } from './objective.ts';

/** Losses and metrics by Keras's names in logs: `loss`, `digit_loss`, `accuracy`. */
export type Logs = Record<string, number | number[]>;

type Outputs = Readonly<Record<string, { readonly data: TensorValues | ArrayLike<number> }>>;

const anyNumber = z.union([
  z.number(),
  z.enum(['NaN', 'Infinity', '-Infinity']).transform((text) => Number(text)),
]);

/** All that a tally has taken in, as JSON keeps it: numbers that it lacks as texts. */
export const tallyState = z.object({
  samples: z.number(),
  losses: z.record(z.string(), anyNumber),
  sums: z.record(z.string(), z.array(anyNumber)),
});

export type TallyState = z.output<typeof tallyState>;

/** Adds up what the batches of an epoch give. */
export interface Tally {
  /** Takes in what `train` or `evaluate` gave for a batch of so many samples. */
  add(outputs: Outputs, samples: number): void;
  /** Losses as means over samples, as in Keras, and metrics from all their sums. */
  logs(): Logs;
  /** What it has taken in; a tally that begins with it goes on to the very same numbers. */
  state(): TallyState;
}

/** A tally that is empty, or begins with what another one had taken in. */
export function createTally(metrics: readonly MetricOutput[], before?: TallyState): Tally {
  const losses = new Map(Object.entries(before?.losses ?? {}));
  const sums = new Map(Object.entries(before?.sums ?? {}));
  let samples = before?.samples ?? 0;
  return {
    add(outputs, count) {
      samples += count;
      for (const [name, { data }] of Object.entries(outputs)) {
        if (name === 'loss' || name.startsWith('loss/'))
          losses.set(name, (losses.get(name) ?? 0) + data[0]! * count);
        else
          sums.set(
            name,
            Array.from(data, (value, i) => value + (sums.get(name)?.[i] ?? 0)),
          );
      }
    },
    logs() {
      const logs: Logs = {};
      for (const [name, total] of losses)
        logs[name === 'loss' ? 'loss' : `${name.slice('loss/'.length)}_loss`] = total / samples;
      for (const { name, metric, sums: names } of metrics) {
        const totals = Object.entries(names).map(([sum, output]) => [sum, sums.get(output)!]);
        logs[name] = metric.result(Object.fromEntries(totals) as Record<string, number[]>);
      }
      return logs;
    },
    state: () => ({
      samples,
      losses: Object.fromEntries(losses),
      sums: Object.fromEntries(sums),
    }),
  };
}
