import { layersIn } from '../../../shared/keras/graph.ts';
import { isOperation } from '../../../shared/keras/keras-json-foreign.ts';
import { catalogue } from '../../../shared/keras/layers/catalogue.ts';
import { toSnakeCase } from '../../../shared/keras/names.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import { groupAt, textAttribute, type H5Group } from '../h5/tree.ts';

/** What Keras calls the layers inside a wrapper, where it is not their configuration key. */
const PARTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Bidirectional: { layer: 'forward_layer' },
};

/** The groups of a model's layers, now and before Keras 3. */
const CONTAINERS = ['layers', '_layer_checkpoint_dependencies'];

/**
 * Where a `.keras` file keeps each layer inside a model: the path of its group. Groups are named after classes and
 * counted in each model; a layer that is reached by several paths stands at the first. With the file at hand, a group
 * that is not there by its class is looked for by the layer's name.
 * Source: keras.src.saving.saving_lib.
 */
export function kerasPlaces(
  spec: ModelSpec,
  model: LayerId,
  file?: H5Group,
): ReadonlyMap<LayerId, string> {
  const places = new Map<LayerId, string>();
  const visit = (layer: LayerId, path: string) => {
    if (places.has(layer)) return;
    places.set(layer, path);
    const { class_name, graph, wraps = {} } = layerOf(spec, layer);
    for (const [role, inner] of Object.entries(wraps))
      visit(inner, join(path, PARTS[class_name]?.[role] ?? role));
    if (!graph) return;
    const container = CONTAINERS.find((name) => file && groupAt(file, join(path, name)));
    const within = join(path, container ?? CONTAINERS[0]!);
    const byName = file ? namesIn(groupAt(file, within)) : new Map<string, string>();
    for (const [child, group] of groupsOf(spec, layer)) {
      const there = !file || groupAt(file, join(within, group));
      const named = byName.get(layerOf(spec, child).config.name);
      visit(child, join(within, there ? group : (named ?? group)));
    }
  };
  visit(model, '');
  return places;
}

/** The layers of a model as Keras lists them, with the names of their groups. */
function groupsOf(spec: ModelSpec, model: LayerId): [LayerId, string][] {
  const { class_name, config } = layerOf(spec, model);
  const counts = new Map<string, number>();
  return layersIn(spec, model, config.name).flatMap((child) => {
    const { class_name: own, foreign } = layerOf(spec, child);
    if (class_name === 'Sequential' && own === 'InputLayer') return [];
    if (foreign ? isOperation(foreign.object['module']) : catalogue.get(own)?.operation) return [];
    const base = toSnakeCase(own);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    return [[child, count === 0 ? base : `${base}_${count}`] as [LayerId, string]];
  });
}

/** The groups by the names of the layers that Keras wrote into them. */
function namesIn(group: H5Group | null): Map<string, string> {
  const names = new Map<string, string>();
  for (const [name, { groups }] of Object.entries(group?.groups ?? {})) {
    const layer = groups['vars'] && textAttribute(groups['vars'], 'name');
    if (layer) names.set(layer, name);
  }
  return names;
}

/** A variable's path below its layer's group: `cell/kernel`, the first of its part, is `cell/vars/0`. */
export function variablePaths(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  return names.map((name) => {
    const part = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    const index = counts.get(part) ?? 0;
    counts.set(part, index + 1);
    return join(part, `vars/${index}`);
  });
}

export function join(...parts: readonly string[]): string {
  return parts.filter(Boolean).join('/');
}
