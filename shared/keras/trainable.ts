import { layerAt, layersInside } from './graph.ts';
import { trainedLayers } from './infer.ts';
import { isTrainable, layerOf, type LayerId, type LayerSpec, type ModelSpec } from './spec.ts';

/**
 * The spec with the layer at a path frozen or set free, and everything inside it, as Keras's `trainable` setter does. A
 * layer that is shared changes at all its paths. What is set free inside frozen models frees the models on its path
 * too, and leaves everything else in them frozen. The same spec comes back when nothing changes. Throws a SpecError for
 * a path that is not there.
 */
export function setTrainable(spec: ModelSpec, path: string, trainable: boolean): ModelSpec {
  const names = path.split('/');
  const wanted = new Map<LayerId, boolean>();
  const along = names.map((_, i) => layerAt(spec, names.slice(0, i + 1).join('/')));
  const layer = along.at(-1)!;
  const above = along.slice(0, -1);
  if (trainable && above.some((model) => !isTrainable(layerOf(spec, model)))) {
    const trained = trainedLayers(spec, along[0]!);
    for (const model of above)
      for (const inside of layersInside(spec, model))
        if (!trained.has(inside)) wanted.set(inside, false);
    for (const model of above) wanted.set(model, true);
  }
  for (const inside of layersInside(spec, layer)) wanted.set(inside, trainable);

  const changed = [...wanted].filter(([id, to]) => isTrainable(layerOf(spec, id)) !== to);
  if (changed.length === 0) return spec;
  const layers = changed.map(([id, to]) => [id, withTrainable(layerOf(spec, id), to)] as const);
  return { ...spec, layers: { ...spec.layers, ...Object.fromEntries(layers) } };
}

/** Keras's default, true, is not written. */
function withTrainable(layer: LayerSpec, trainable: boolean): LayerSpec {
  const { trainable: _, ...config } = layer.config;
  const { name } = layer.config;
  return { ...layer, config: { ...config, name, ...(!trainable && { trainable }) } };
}
