import type { GpuUsage } from '../../../shared/api/engines.ts';

/** A GPU of this machine, as its driver tells of it. */
export interface Gpu {
  readonly name: string;
  /** Bytes; null where the driver does not say. */
  readonly memory: number | null;
  /** Calls back with what it is used for, about every so many ms, until what it returns is called. */
  watch(tell: (usage: GpuUsage) => void, interval: number): () => void;
}
