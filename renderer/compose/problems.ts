import { placesOf } from '../../shared/keras/graph.ts';
import { layerOf, SpecError, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';
import { traceModel } from '../../shared/program/trace.ts';
import { graphTypes } from './shapes.ts';

/**
 * What is wrong with these models: each call that can't take what it gets, wherever it is, or why a model as a whole
 * can't be read. Empty when they can be trained.
 */
export function findProblems(spec: ModelSpec, models: readonly LayerId[]): SpecError[] {
  const found = new Map<string, SpecError>();
  const add = (error: SpecError) => void found.set(error.message, error);
  try {
    const seen = new Set<LayerId>();
    for (const { path, layer } of placesOf(spec, models)) {
      if (!layerOf(spec, layer).graph || seen.has(layer)) continue;
      seen.add(layer);
      const { errors, error } = graphTypes(spec, layer, path);
      // An error deep inside is told by the model that it is in.
      for (const one of errors.values())
        if (one.path.split('/').length === path.split('/').length + 1) add(one);
      if (error) add(error);
    }
    // Some things only show over several calls: a layer whose calls need different variables.
    if (found.size === 0) for (const model of models) traceModel(spec, model);
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    add(error);
  }
  return [...found.values()];
}
