import { layersInside } from '../../../shared/keras/graph.ts';
import { inferGraph } from '../../../shared/keras/infer.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { TensorData } from '../../../shared/program/tensor.ts';
import type { TracedVariable } from '../../../shared/program/trace.ts';

/**
 * The variables of every layer inside a model, in Keras's order, placeholders' included. A layer that gets no valid
 * input is left out, the others stay.
 */
export function variablesByLayer(
  spec: ModelSpec,
  model: LayerId,
): ReadonlyMap<LayerId, readonly TracedVariable[]> {
  const found = new Map<LayerId, Map<string, TracedVariable>>();
  for (const id of layersInside(spec, model)) {
    const { graph, config } = layerOf(spec, id);
    if (!graph) continue;
    for (const variables of inferGraph(spec, graph, config.name).variables.values())
      for (const variable of variables) {
        const own = found.get(variable.layer) ?? new Map<string, TracedVariable>();
        found.set(variable.layer, own);
        if (!own.has(variable.name)) own.set(variable.name, variable);
      }
  }
  return new Map([...found].map(([layer, own]) => [layer, [...own.values()]]));
}

/** Why a tensor from a file can't be the value of a variable; null where it can. */
export function problemWith(
  { key, shape }: Pick<TracedVariable, 'key' | 'shape'>,
  value: TensorData,
): string | null {
  if (String(value.shape) !== String(shape))
    return `${key} has shape (${shape.join(', ')}); the file holds (${value.shape.join(', ')})`;
  const bad = value.data.findIndex((number) => !Number.isFinite(number));
  return bad < 0 ? null : `${key} holds ${value.data[bad]}, which is no number to compute with`;
}
