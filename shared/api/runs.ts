import { z } from 'zod';
import type { WeightDistance } from '../keras/weight-distance.ts';
import type { RunSummary } from './contract.ts';
import { dataRequests, type DataService } from './data.ts';

/** What people write on a run; it lies in the run's folder and goes with it. */
export interface RunLabel {
  readonly tags: readonly string[];
  readonly note: string;
}

/** How far the weights of runs' newest checkpoints lie from those of the first one's, by path below the model. */
export interface RunDistances {
  /** The step of each run's checkpoint; null for a run without one. */
  readonly steps: readonly (number | null)[];
  /** By run; null for the first, and where there is nothing to compare. */
  readonly distances: readonly (Readonly<Record<string, WeightDistance>> | null)[];
}

/** What the service offers for the list of runs and for comparing them. */
export interface RunLibraryService {
  /** Replaces a run's tags and note. */
  labelRun(query: { id: string; label: RunLabel }): Promise<void>;
  /** Moves runs that have ended into the project's trash, from which they can be restored for `UNDO_MS`. */
  deleteRuns(query: { ids: readonly string[] }): Promise<void>;
  /** Brings runs back from the trash. */
  restoreRuns(query: { ids: readonly string[] }): Promise<void>;
  /** Packs the folder of a run that has ended; `file` null: a new file in the project's `exports`. */
  zipRun(query: { id: string; file: string | null }): Promise<{ file: string; bytes: number }>;
  /** Where on a web host a browser gets the folder of a run that has ended, as a zip: a path, good for a while. */
  downloadRun(query: { id: string }): Promise<{ url: string; name: string }>;
  /** As for data, for a run's folder or zip: see DataService. */
  startRunUpload: DataService['startUpload'];
  offerRunFiles: DataService['offerFiles'];
  /** Takes a run's folder or zip, by its path on the service's machine or an upload, into the project as a copy. */
  importRun(query: { path: string } | { upload: string }): Promise<RunSummary>;
  weightDistances(query: { ids: readonly string[] }): Promise<RunDistances>;
}

/** How long deleted runs can be restored, in ms. */
export const UNDO_MS = 30_000;

/** Runs that are compared at once. */
export const MOST_COMPARED = 12;

export const runId = z.string().regex(/^[\w-]{1,100}$/);

/** A tag: a word or a few, on one line. */
const tag = z
  .string()
  .trim()
  .min(1)
  .max(40)
  .regex(/^[^\p{Control},]+$/u, 'expected a tag without commas');

export const runLabel = z.strictObject({
  tags: z
    .array(tag)
    .max(50)
    .transform((tags) => [...new Set(tags)]),
  note: z.string().max(20_000),
});

/** The arguments of each method, as the service checks them. */
export const runLibraryRequests = {
  labelRun: z.tuple([z.strictObject({ id: runId, label: runLabel })]),
  deleteRuns: z.tuple([z.strictObject({ ids: z.array(runId).max(100_000) })]),
  restoreRuns: z.tuple([z.strictObject({ ids: z.array(runId).max(100_000) })]),
  zipRun: z.tuple([z.strictObject({ id: runId, file: z.string().min(1).nullable() })]),
  downloadRun: z.tuple([z.strictObject({ id: runId })]),
  startRunUpload: dataRequests.startUpload,
  offerRunFiles: dataRequests.offerFiles,
  importRun: z.tuple([
    z.union([
      z.strictObject({ path: z.string().min(1).max(4096) }),
      z.strictObject({ upload: z.string().min(1).max(100) }),
    ]),
  ]),
  weightDistances: z.tuple([z.strictObject({ ids: z.array(runId).min(1).max(MOST_COMPARED) })]),
} satisfies { [M in keyof RunLibraryService]: z.ZodType<Parameters<RunLibraryService[M]>> };
