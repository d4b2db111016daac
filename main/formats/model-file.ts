import type { CompileSettings } from '../../shared/keras/compile-settings.ts';
import type { LayerId, ModelSpec } from '../../shared/keras/spec.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';

/** A model with its weights, as a file holds it. */
export interface ModelFile {
  readonly spec: ModelSpec;
  /** The model that the file is of, one of `spec.models`. */
  readonly model: LayerId;
  /** The variables' values by key; those that the file does not hold are missing. */
  readonly values: NamedTensors;
  /** How it is trained, where it is compiled. */
  readonly training?: TrainingState;
}

/** What a compiled model learns from, and how far the optimizer is. */
export interface TrainingState {
  readonly settings: CompileSettings;
  /** The optimizer's tensors by key, as a checkpoint has them; left out: it has not begun. */
  readonly optimizer?: NamedTensors;
}

/** A model from a file, with what people should know about it. */
export interface ReadModel extends ModelFile {
  /** What is not as the file says, or was left out: texts for people, by path. */
  readonly notes: readonly string[];
}
