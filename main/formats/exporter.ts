import { layerAt } from '../../shared/keras/graph.ts';
import type { ExportOptions, ExportPlan } from '../../shared/api/exports.ts';
import type { RunData } from '../../shared/data/run-data.ts';
import { layerOf, SpecError, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { formatShape, type NamedTensors, type TensorData } from '../../shared/program/tensor.ts';
import type { TracedVariable } from '../../shared/program/trace.ts';

/** A model to take out: a spec, the path of a model in it, and what is known of how it was trained. */
export interface ExportSource {
  readonly spec: ModelSpec;
  /** Such as `autoencoder/encoder`. */
  readonly path: string;
  readonly training?: TrainingFacts;
}

/** How a model came to its weights; what is not known is left out. */
export interface TrainingFacts {
  readonly settings: TrainingSettings;
  readonly data?: RunData;
  /** Names of the classes that the data have, in the order of their numbers. */
  readonly classes?: readonly string[];
  readonly epochs: number;
  readonly steps: number;
  /** The last epoch's results by Keras's names: `loss`, `val_loss`, `accuracy`. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly engine?: string;
}

/** Files by name: one, or those of a folder. */
export type ExportedFiles = Readonly<Record<string, Uint8Array | string>>;

/** How a format is written. */
export interface Exporter {
  /** Whether the format can hold the model, and what will be different in it. Needs no weights. */
  plan(source: ExportSource, options: ExportOptions): ExportPlan;
  /**
   * The files for a target of this name (without folder and extension). `variables` holds at least the model's own, by
   * key. Throws an Error that names the layer where the format can't hold the model, or a variable that is missing.
   */
  files(
    source: ExportSource,
    variables: NamedTensors,
    options: ExportOptions,
    name: string,
  ): ExportedFiles | Promise<ExportedFiles>;
}

/** The model at the source's path. Throws a SpecError where there is a layer or nothing. */
export function modelOf({ spec, path }: ExportSource): LayerId {
  const model = layerAt(spec, path);
  if (!layerOf(spec, model).graph)
    throw new SpecError(path, `expected a model; ${layerOf(spec, model).class_name} is a layer`);
  return model;
}

/** The value of a variable. Throws an Error where there is none, or one of another shape. */
export function valueOf(
  { key, shape }: Pick<TracedVariable, 'key' | 'shape'>,
  values: NamedTensors,
): TensorData {
  const value = values[key];
  if (!value) throw new Error(`the weights hold no ${key}, which the model needs`);
  if (String(value.shape) !== String(shape))
    throw new Error(
      `${key} has shape ${formatShape(shape)}; the weights hold ${formatShape(value.shape)}`,
    );
  return value;
}

/** A plan from an attempt to write: what it throws is the refusal, what it notes the notes. */
export function planBy(attempt: (notes: string[]) => void): ExportPlan {
  const notes: string[] = [];
  try {
    attempt(notes);
  } catch (error) {
    return { refusals: [(error as Error).message], notes: [] };
  }
  return { refusals: [], notes };
}
