import { z } from 'zod';

/** The formats in which a model can be taken out. */
export const exportFormats = [
  'keras',
  'h5',
  'tfjs',
  'onnx',
  'tflite',
  'html',
  'safetensors',
  'python',
  'card',
] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** What can be chosen for an export. A format takes those that it names; the others say nothing to it. */
export const exportOptions = z.strictObject({
  /** How weights are stored; the numbers are computed in float32 either way. */
  weights: z.enum(['float32', 'float16']).default('float32'),
  /** Where the channels of images stand at the model's inputs and outputs. */
  layout: z.enum(['channels_last', 'channels_first']).default('channels_last'),
  /** Samples in a batch; null leaves it open where the format can. */
  batch: z.int().positive().max(65_536).nullable().default(null),
  /** Whether the file takes images of any size as they are, 0 to 255, and prepares them as the training did. */
  preprocessing: z.boolean().default(false),
});
export type ExportOptions = z.infer<typeof exportOptions>;

/** The options as they are unless chosen. */
export const usualExport: ExportOptions = exportOptions.parse({});

/** What a format is, before anything is written. */
export interface FormatFacts {
  /** What its file is named after: `.onnx`; null where it is a folder. */
  readonly extension: string | null;
  /** Options that it heeds. */
  readonly options: readonly (keyof ExportOptions)[];
  /** Set where the batch can't be left open: it is 1 unless chosen. */
  readonly fixedBatch?: true;
}

/** Every format, in the order in which they are offered. */
export const formatFacts: { readonly [F in ExportFormat]: FormatFacts } = {
  keras: { extension: '.keras', options: [] },
  h5: { extension: '.h5', options: [] },
  tfjs: { extension: null, options: [] },
  onnx: { extension: '.onnx', options: ['weights', 'layout', 'batch', 'preprocessing'] },
  tflite: { extension: '.tflite', options: ['batch'], fixedBatch: true },
  html: { extension: '.html', options: [], fixedBatch: true },
  safetensors: { extension: '.safetensors', options: [] },
  python: { extension: '.py', options: [] },
  card: { extension: '.md', options: [] },
};

/** What is known of an export before it is written. */
export interface ExportPlan {
  /** Why the format can't hold the model, each naming a layer; empty when it can. */
  readonly refusals: readonly string[];
  /** What will be different in the file, for people: sharing that is lost, names that change. */
  readonly notes: readonly string[];
}

/** One output of a file that was opened again, beside the model's. */
export interface VerifiedOutput {
  readonly name: string;
  /** Largest difference of two numbers. */
  readonly largestDifference: number;
  /** The largest number of the model's, by its size, so that the difference can be judged. */
  readonly largestValue: number;
}

/** A written file, opened again by another program and run on samples. Stored beside it as `<name>.verify.json`. */
export interface Verification {
  readonly format: ExportFormat;
  /** What opened it: `ONNX Runtime 1.30.0`. */
  readonly runtime: string;
  readonly samples: number;
  readonly outputs: readonly VerifiedOutput[];
  /** Over all outputs, to the model as it is here. */
  readonly largestDifference: number;
  /** What counts as equal: this, or this part of the largest value where that is over 1. */
  readonly tolerance: number;
  /** Whether it computes the same; with weights in half precision, the same as the model with such weights. */
  readonly holds: boolean;
  /** Why it could not be opened or run; the numbers are then of no meaning. */
  readonly error?: string;
}

/** What was written. */
export interface WrittenModel {
  readonly folder: string;
  readonly files: readonly { readonly name: string; readonly bytes: number }[];
  /** As in ExportPlan. */
  readonly notes: readonly string[];
  /** What came of opening it again; null for formats that hold no model that runs. */
  readonly verification: Verification | null;
}

/** The options that a format heeds, and the usual ones in the place of the others. */
export function heededOptions(format: ExportFormat, given: ExportOptions): ExportOptions {
  const { options, fixedBatch } = formatFacts[format];
  const own = Object.fromEntries(options.map((name) => [name, given[name]]));
  const heeded = { ...usualExport, ...own };
  return fixedBatch ? { ...heeded, batch: heeded.batch ?? 1 } : heeded;
}
