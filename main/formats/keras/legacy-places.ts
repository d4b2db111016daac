import { layersIn, layersInside } from '../../../shared/keras/graph.ts';
import { trainedLayers } from '../../../shared/keras/infer.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { TracedVariable } from '../../../shared/program/trace.ts';
import { variablesByLayer } from './variables.ts';

/** A layer right inside a model, with all the variables inside it as a legacy H5 file lists them. */
export interface LegacyLayer {
  readonly layer: LayerId;
  readonly name: string;
  /** Those that are trained first, as Keras's `trainable_weights + non_trainable_weights`. */
  readonly variables: readonly TracedVariable[];
}

/** The layers right inside a model in Keras's order. Source: keras.src.legacy.saving.legacy_h5_format. */
export function legacyLayers(spec: ModelSpec, model: LayerId): LegacyLayer[] {
  const byLayer = variablesByLayer(spec, model);
  const trained = trainedLayers(spec, model);
  const { class_name, config } = layerOf(spec, model);
  return layersIn(spec, model, config.name).flatMap((layer) => {
    const own = layerOf(spec, layer);
    if (class_name === 'Sequential' && own.class_name === 'InputLayer') return [];
    const all = layersInside(spec, layer).flatMap((inside) => byLayer.get(inside) ?? []);
    const moves = (one: TracedVariable) => one.trainable && trained.has(one.layer);
    const variables = [...all.filter(moves), ...all.filter((one) => !moves(one))];
    return [{ layer, name: own.config.name, variables }];
  });
}
