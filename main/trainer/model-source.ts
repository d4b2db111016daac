import { newestCheckpoint } from '../formats/checkpoint.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { modelAt } from '../../shared/keras/model-path.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import { freshVariables } from '../../shared/program/step.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { traceModel } from '../../shared/program/trace.ts';
import type { ModelSource } from './contract.ts';

/** A model with a value for each of its variables. */
export interface LoadedModel {
  readonly spec: ModelSpec;
  readonly model: LayerId;
  /** Of the model in the spec. */
  readonly path: string;
  /** By key; those of other models may be among them. */
  readonly values: NamedTensors;
}

/**
 * Gets a model and its weights from where they are; `name` is that of the model or of one inside it, null the main one.
 * Throws a StudioError that says what is not there.
 */
export async function loadModel(source: ModelSource, name: string | null): Promise<LoadedModel> {
  const { spec, main } = source;
  const { path, layer: model } = modelAt(spec, name ?? layerOf(spec, main).config.name);
  const { weights } = source;
  if ('seed' in weights) {
    const { variables } = traceModel(spec, model);
    return { spec, model, path, values: freshVariables(variables, weights.seed) };
  }
  const checkpoint = await newestCheckpoint(weights.checkpoints);
  if (!checkpoint)
    throw new StudioError('NO_CHECKPOINT', `${weights.checkpoints} holds no checkpoint yet`);
  return { spec, model, path, values: checkpoint.variables };
}
