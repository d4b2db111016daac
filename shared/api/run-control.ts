import { z } from 'zod';
import type { RunSummary } from './contract.ts';

const id = z.string().regex(/^[\w-]{1,100}$/);

/** What runs can be told beside their start and their end. All reject with RUN_ACTIVE where another process has the run. */
export interface RunControlService {
  /** Lets a run wait after the current step, with a checkpoint; one that is queued waits at its turn. */
  pauseRun(run: { id: string }): Promise<void>;
  /** Lets a run that is paused go on. */
  proceedRun(run: { id: string }): Promise<void>;
  /** Resolves when a checkpoint of now is on the disk. */
  checkpointRun(run: { id: string }): Promise<void>;
  /**
   * Lets a run go on that was stopped, failed or whose processes died, from its newest whole checkpoint; `epochs`, the
   * number of epochs in the end, extends it, also when it is finished.
   */
  resumeRun(run: { id: string; epochs: number | null }): Promise<RunSummary>;
}

/** The arguments of each method, as the service checks them. */
export const runControlRequests = {
  pauseRun: z.tuple([z.strictObject({ id })]),
  proceedRun: z.tuple([z.strictObject({ id })]),
  checkpointRun: z.tuple([z.strictObject({ id })]),
  resumeRun: z.tuple([
    z.strictObject({ id, epochs: z.int().positive().max(1_000_000).nullable() }),
  ]),
} satisfies { [M in keyof RunControlService]: z.ZodType<Parameters<RunControlService[M]>> };
