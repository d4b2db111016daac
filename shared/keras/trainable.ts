import { layerAt, layersIn } from './graph.ts';
import type { LayerConfig, LayerId, LayerSpec, ModelSpec } from './spec.ts';

/**
 * The spec with the layer at a path frozen or set free, and everything inside it, as Keras's `trainable` setter does. A
 * layer that is shared changes at all its paths; what stands above the path stays as it is. Throws a SpecError for a
 * path that is not there.
 */
export function setTrainable(spec: ModelSpec, path: string, trainable: boolean): ModelSpec {
  const inside = new Set<LayerId>();
  const visit = (layer: LayerId, at: string) => {
    if (inside.has(layer)) return;
    inside.add(layer);
    for (const child of layersIn(spec, layer, at)) visit(child, `${at}/${child}`);
  };
  visit(layerAt(spec, path), path);
  const layers = Object.entries(spec.layers).map(([id, layer]): [LayerId, LayerSpec] => [
    id,
    inside.has(id) ? { ...layer, config: withTrainable(layer.config, trainable) } : layer,
  ]);
  return { ...spec, layers: Object.fromEntries(layers) };
}

/** Keras's default, true, is not written. */
function withTrainable(config: LayerConfig, trainable: boolean): LayerConfig {
  const { trainable: _, ...rest } = config;
  return (trainable ? rest : { ...rest, trainable }) as LayerConfig;
}
