import { basename } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import type { CompileSettings } from '../../shared/keras/compile-settings.ts';
import { modelAt } from '../../shared/keras/model-path.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import { freshVariables } from '../../shared/program/step.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { traceModel } from '../../shared/program/trace.ts';
import { newestCheckpoint } from '../formats/checkpoint.ts';
import { readModelFile, readWeightsFile } from '../formats/read.ts';
import type { ModelSource } from './contract.ts';
import { givenWeights } from './given-weights.ts';

/** A model with a value for each of its variables. */
export interface LoadedModel {
  readonly spec: ModelSpec;
  readonly model: LayerId;
  /** Of the model in the spec. */
  readonly path: string;
  /** By key; those of other models may be among them. */
  readonly values: NamedTensors;
  /** How its file says that a model in it trains. */
  readonly compiled?: CompileSettings & { readonly model: LayerId };
  /** What is not as its file says. */
  readonly notes: readonly string[];
}

/**
 * Gets a model and its weights from where they are; `name` is that of the model or of one inside it, null the main one.
 * Throws an Error that says what is not there, or what is wrong with a file.
 */
export async function loadModel(source: ModelSource, name: string | null): Promise<LoadedModel> {
  const loaded = await load(source, name);
  if (source.laid === undefined) return loaded;
  const { spec, model, values, notes } = loaded;
  const { values: laid, report } = await readWeightsFile(source.laid, spec, model);
  const file = basename(source.laid);
  const count = Object.keys(laid).length;
  if (count === 0) throw new StudioError('BAD_WEIGHTS', `${file}: nothing in it fits the model`);
  const said = [
    `${count} of the model's variables are from ${file}`,
    ...report.mismatched,
    ...report.missing.map((key) => `${file} has nothing for ${key}`),
    ...report.unused.map((name) => `${file}: ${name} fits no variable`),
  ];
  return { ...loaded, values: { ...values, ...laid }, notes: [...notes, ...said] };
}

async function load(source: ModelSource, name: string | null): Promise<LoadedModel> {
  if ('file' in source) {
    const { spec, model, values, notes, training } = await readModelFile(source.file);
    const { settings, optimizer } = training ?? {};
    return {
      spec,
      ...named(spec, model, name),
      values: { ...optimizer, ...values },
      notes,
      ...(settings && { compiled: { ...settings, model } }),
    };
  }
  const { spec, main, weights } = source;
  const place = named(spec, main, name);
  if ('seed' in weights) {
    const { variables } = traceModel(spec, place.model);
    const drawn = freshVariables(variables, weights.seed);
    const values = { ...drawn, ...(await givenWeights(weights, drawn)) };
    return { spec, ...place, values, notes: [] };
  }
  const checkpoint = await newestCheckpoint(weights.checkpoints);
  if (!checkpoint)
    throw new StudioError('NO_CHECKPOINT', `${weights.checkpoints} holds no checkpoint yet`);
  return { spec, ...place, values: checkpoint.variables, notes: [] };
}

function named(spec: ModelSpec, main: LayerId, name: string | null) {
  const { path, layer: model } = modelAt(spec, name ?? layerOf(spec, main).config.name);
  return { path, model };
}
