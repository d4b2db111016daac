import { layerOf, type LayerId, type LayerSpec, type ModelSpec } from '../../shared/keras/spec.ts';
import { layersInside } from './models.ts';

/**
 * The spec with a layer frozen or not. As in Keras, setting it on a model sets it on everything inside. A layer that is
 * released inside a frozen model releases that model too, but nothing else in it. The same spec comes back when
 * nothing changes.
 */
export function setTrainable(spec: ModelSpec, layer: LayerId, trainable: boolean): ModelSpec {
  const wanted = new Map<LayerId, boolean>();
  if (trainable) {
    for (const model of Object.keys(spec.layers)) {
      const { config, graph } = layerOf(spec, model);
      if (!graph || config['trainable'] !== false || !layersInside(spec, model).includes(layer))
        continue;
      for (const inside of layersInside(spec, model)) {
        const leads = layersInside(spec, inside).includes(layer);
        if (!wanted.has(inside) || leads) wanted.set(inside, leads);
      }
    }
  }
  for (const inside of layersInside(spec, layer)) wanted.set(inside, trainable);
  const changed = [...wanted].filter(([id, to]) => isTrainable(layerOf(spec, id)) !== to);
  if (changed.length === 0) return spec;
  const layers = { ...spec.layers };
  for (const [id, to] of changed) {
    const { trainable: _before, ...config } = layerOf(spec, id).config;
    const { name } = layerOf(spec, id).config;
    layers[id] = {
      ...layerOf(spec, id),
      config: { ...config, name, ...(!to && { trainable: false }) },
    };
  }
  return { ...spec, layers };
}

/** The layer's own setting. */
export function isTrainable({ config }: LayerSpec): boolean {
  return config['trainable'] !== false;
}
