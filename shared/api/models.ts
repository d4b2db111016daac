import { z } from 'zod';
import {
  exportFormats,
  exportOptions,
  type ExportFormat,
  type ExportOptions,
  type ExportPlan,
  type WrittenModel,
} from './exports.ts';
import { runId } from './runs.ts';

/** A model to take out: one of a run with the weights of its newest checkpoint, or (null) of the project, untrained. */
export interface ModelChoice {
  readonly run: string | null;
  /** Such as `autoencoder/encoder`. */
  readonly path: string;
}

/** What every format makes of a model. */
export type ExportPlans = { readonly [F in ExportFormat]: ExportPlan };

/** What was written. */
export interface KeptExport extends WrittenModel {
  /** By which it can be downloaded while the studio is open. */
  readonly id: string;
}

/** What the service offers for taking models out. */
export interface ModelService {
  /** Whether each format can hold a model, and what will be different in it. Nothing is written. */
  planExports(query: ModelChoice & { options: ExportOptions }): Promise<ExportPlans>;
  /**
   * Writes a model as the file `target`, or as the folder of that name where the format is one; below the project unless
   * it is an absolute path. What is written is opened again and compared.
   */
  exportModel(
    query: ModelChoice & { format: ExportFormat; options: ExportOptions; target: string },
  ): Promise<KeptExport>;
  /** Where on a web host a browser gets what was written: a path, good for a while. A folder comes as a zip. */
  downloadExport(query: { id: string }): Promise<{ url: string; name: string }>;
}

const choice = { run: runId.nullable(), path: z.string().min(1).max(100_000) };

/** The arguments of each method, as the service checks them. */
export const modelRequests = {
  planExports: z.tuple([z.strictObject({ ...choice, options: exportOptions })]),
  exportModel: z.tuple([
    z.strictObject({
      ...choice,
      format: z.enum(exportFormats),
      options: exportOptions,
      target: z.string().min(1).max(4096),
    }),
  ]),
  downloadExport: z.tuple([z.strictObject({ id: z.string().min(1) })]),
} satisfies { [M in keyof ModelService]: z.ZodType<Parameters<ModelService[M]>> };
