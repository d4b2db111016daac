import type { MemoryNeed } from '../program/memory.ts';

/** What a training would take of the memory of the device that it is for: an estimate from the model's shapes. */
export interface MemoryEstimate {
  readonly need: MemoryNeed;
  readonly kind: 'cpu' | 'gpu';
  /** Bytes that the device has free, of a GPU all, and that it has. */
  readonly free: number;
  readonly total: number;
  /** The largest batch size that fits, up to the one in the settings; 0 when not even 1 does. */
  readonly fits: number;
}
