import { layersInside } from './graph.ts';
import { layerOf, type LayerId, type ModelSpec } from './spec.ts';

/** A model by itself: the spec with the layers inside it alone. */
export function partOf(spec: ModelSpec, model: LayerId): ModelSpec {
  const inside = layersInside(spec, model).map((id) => [id, layerOf(spec, id)]);
  return { version: 1, layers: Object.fromEntries(inside) as ModelSpec['layers'], models: [model] };
}
