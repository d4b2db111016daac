import type { LayerId, ModelSpec } from '../../shared/keras/spec.ts';

/** The models that stand by themselves and inside no other, the main one first: showing them shows every model. */
export function outermostModels(spec: ModelSpec): LayerId[] {
  const inside = new Set<LayerId>();
  for (const { graph, wraps } of Object.values(spec.layers)) {
    for (const { layer } of graph?.calls ?? []) inside.add(layer);
    for (const layer of Object.values(wraps ?? {})) inside.add(layer);
  }
  const outer = spec.models.filter((model) => !inside.has(model));
  const shown = outer.length > 0 ? outer : spec.models;
  return [...shown.slice(-1), ...shown.slice(0, -1)];
}
