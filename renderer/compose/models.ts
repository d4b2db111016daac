import { layerOf, type LayerId, type ModelSpec } from '../../shared/keras/spec.ts';

/** The models that stand by themselves and inside no other, the main one first: showing them shows every model. */
export function outermostModels(spec: ModelSpec): LayerId[] {
  const inside = new Set<LayerId>();
  for (const { graph } of Object.values(spec.layers))
    for (const { layer } of graph?.calls ?? []) inside.add(layer);
  const outer = spec.models.filter((model) => !inside.has(model));
  const shown = outer.length > 0 ? outer : spec.models;
  return [...shown.slice(-1), ...shown.slice(0, -1)];
}

/** The layers of a model and of the models inside it, itself included, each once. */
export function layersInside(spec: ModelSpec, model: LayerId): LayerId[] {
  const seen = new Set<LayerId>();
  const visit = (layer: LayerId) => {
    if (seen.has(layer)) return;
    seen.add(layer);
    for (const call of layerOf(spec, layer).graph?.calls ?? []) visit(call.layer);
  };
  visit(model);
  return [...seen];
}
