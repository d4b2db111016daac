import { traceModel, inputShape, type TracedVariable } from '../../shared/program/trace.ts';
import { layersInside } from '../../shared/keras/graph.ts';
import { inferGraph } from '../../shared/keras/infer.ts';
import { readLayer } from '../../shared/keras/layers/catalogue.ts';
import { layerOf, SpecError, tensorsOf } from '../../shared/keras/spec.ts';
import type { Json, LayerId, LayerSpec, ModelSpec } from '../../shared/keras/spec.ts';
import type { Shape } from '../../shared/program/tensor.ts';
import { callIndex, graphTypes } from './shapes.ts';

/** A field of a layer's configuration. */
export interface Field {
  readonly key: string;
  readonly value: unknown;
}

/** The fields that a configuration gives, and those that are at Keras's defaults; name and trainable are left out. */
export function configFields(layer: LayerSpec): { given: Field[]; defaults: Field[] } {
  const hidden = new Set(['name', 'trainable']);
  const given = Object.entries(layer.config)
    .filter(([key]) => !hidden.has(key))
    .map(([key, value]) => ({ key, value }));
  const known = new Set([...hidden, ...given.map(({ key }) => key)]);
  return { given, defaults: defaultFields(layer).filter(({ key }) => !known.has(key)) };
}

function defaultFields(layer: LayerSpec): Field[] {
  if (layer.graph || layer.class_name === 'InputLayer') return [];
  try {
    const { config } = readLayer(layer, layer.config.name);
    return Object.entries(config as Record<string, Json>).map(([key, value]) => ({ key, value }));
  } catch (error) {
    if (error instanceof SpecError) return [];
    throw error;
  }
}

/** A value of a configuration as text: `3×3`, `relu`, `None`, `{"class_name":…}`. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (Array.isArray(value) && value.every((one) => one === null || typeof one !== 'object'))
    return value.map(valueText).join(' × ');
  return typeof value === 'object' ? JSON.stringify(value) : String(value);
}

/** What one call of a layer takes and gives; null where it can't be known. */
export interface CallShapes {
  readonly inputs: readonly (Shape | null)[];
  readonly outputs: readonly (Shape | null)[] | null;
}

/**
 * The calls of a layer inside a model, or what it gives inside a wrapper there; of a model that stands by itself
 * (`parent` null), its own ends.
 */
export function callShapes(
  spec: ModelSpec,
  layer: LayerId,
  parent: LayerId | null,
  path: string,
): CallShapes[] {
  if (parent === null) {
    const graph = layerOf(spec, layer).graph!;
    const { outputs } = graphTypes(spec, layer, path);
    const where = callIndex(graph);
    return [
      {
        inputs: graph.inputs.map(([input]) => inputShape(layerOf(spec, input))),
        outputs: graph.outputs.map((ref) => outputs[where(ref)]?.[ref[2]]?.shape ?? null),
      },
    ];
  }
  const graph = layerOf(spec, parent).graph!;
  const types = graphTypes(spec, parent, path);
  const where = callIndex(graph);
  const wrapped = types.wrapped.get(layer);
  if (wrapped) return [{ inputs: [], outputs: wrapped }];
  return graph.calls.flatMap((call, at) =>
    call.layer === layer
      ? [
          {
            inputs: tensorsOf(call).map(
              (ref) => types.outputs[where(ref)]?.[ref[2]]?.shape ?? null,
            ),
            outputs: types.outputs[at]?.map(({ shape }) => shape) ?? null,
          },
        ]
      : [],
  );
}

/** The variables of a layer and of everything inside it, each once; empty where they can't be known. */
export function variablesOf(
  spec: ModelSpec,
  layer: LayerId,
  parent: LayerId | null,
  path: string,
): readonly TracedVariable[] {
  try {
    if (parent === null) return traceModel(spec, layer).variables;
    const { variables } = inferGraph(spec, layerOf(spec, parent).graph!, path);
    const inside = new Set(layersInside(spec, layer));
    const all = [...variables.values()].flat().filter((variable) => inside.has(variable.layer));
    return [...new Map(all.map((variable) => [variable.key, variable])).values()];
  } catch (error) {
    if (error instanceof SpecError) return [];
    throw error;
  }
}
