import { z } from 'zod';
import {
  exportFormats,
  exportOptions,
  type ExportFormat,
  type ExportOptions,
  type ExportPlan,
  type WrittenModel,
} from './exports.ts';
import type { CompileSettings } from '../keras/compile-settings.ts';
import type { LayerId, ModelSpec } from '../keras/spec.ts';
import { dataRequests, type DataService } from './data.ts';
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

/** What weights from a file did to a model. */
export interface WeightsReport {
  /** Keys of the variables that were set, with the names in the file. */
  readonly matched: Readonly<Record<string, string>>;
  /** Keys of the variables for which the file has nothing that fits. */
  readonly missing: readonly string[];
  /** Names in the file that fit no variable. */
  readonly unused: readonly string[];
  /** Where a name fits and the shape does not: texts for people. */
  readonly mismatched: readonly string[];
}

/** A model's file, opened: what it holds can become the project's, or a part of it. */
export interface OpenedModel {
  /** The file's. */
  readonly name: string;
  /** What it holds; null for a file of weights alone, which were laid onto the project's model. */
  readonly model: { readonly spec: ModelSpec; readonly main: LayerId } | null;
  /** How it is compiled, where it is. */
  readonly settings: CompileSettings | null;
  /** Its weights, kept in the project: what `initial_weights` of the training settings may name. */
  readonly weights: string;
  /** What became of weights alone. */
  readonly report: WeightsReport | null;
  /** What is not as the file says, or was left out: texts for people, by path. */
  readonly notes: readonly string[];
}

/** Where weights come from for a model that becomes a part of the project's. */
export type WeightsFrom = { readonly run: string } | { readonly weights: string };

/** What the service offers for taking models out and bringing them in. */
export interface ModelService {
  /** As for data, for a model's files: see DataService. */
  startModelUpload: DataService['startUpload'];
  offerModelFiles: DataService['offerFiles'];
  /** Opens a model's file, or weights for the project's model, by a path on the service's machine or an upload. */
  openModel(query: { path: string } | { upload: string }): Promise<OpenedModel>;
  /**
   * Keeps weights for the project's model: those that it has (`base`, as `initial_weights` says), and others under new
   * keys. Resolves with what `initial_weights` is to name.
   */
  joinWeights(query: {
    base: string | null;
    from: WeightsFrom;
    /** By the new key: the key that it has there. */
    keys: Readonly<Record<string, string>>;
  }): Promise<{ weights: string; missing: readonly string[] }>;
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
  startModelUpload: dataRequests.startUpload,
  offerModelFiles: dataRequests.offerFiles,
  openModel: z.tuple([
    z.union([
      z.strictObject({ path: z.string().min(1).max(4096) }),
      z.strictObject({ upload: z.string().min(1).max(100) }),
    ]),
  ]),
  joinWeights: z.tuple([
    z.strictObject({
      base: z.string().min(1).nullable(),
      from: z.union([
        z.strictObject({ run: runId }),
        z.strictObject({ weights: z.string().min(1).max(4096) }),
      ]),
      keys: z.record(z.string(), z.string()),
    }),
  ]),
  downloadExport: z.tuple([z.strictObject({ id: z.string().min(1) })]),
} satisfies { [M in keyof ModelService]: z.ZodType<Parameters<ModelService[M]>> };
