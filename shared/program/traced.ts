import type { Value } from './builder.ts';

/** A tensor, and which of its positions count: the mask that travels beside it as in Keras. */
export class Traced {
  readonly value: Value;
  /** The mask that Keras keeps with the tensor while a model runs, from which MultiHeadAttention takes it away. */
  readonly live: { mask: Value | null };
  /** The mask that Keras writes into calls while a model is put together; none comes out of a model inside. */
  readonly recorded: Value | null;

  constructor(value: Value, live: { mask: Value | null }, recorded: Value | null) {
    this.value = value;
    this.live = live;
    this.recorded = recorded;
  }
}

/** A tensor with a mask that came along, or none. */
export const traced = (value: Value, mask: Value | null = null) =>
  new Traced(value, { mask }, mask);

/** The tensors without their masks. */
export const valuesOf = (tensors: readonly Traced[]) => tensors.map(({ value }) => value);
