import { fromCompileConfig } from '../../../shared/keras/compile-config.ts';
import { layersInside } from '../../../shared/keras/graph.ts';
import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';
import { groupAt, listAttribute, tensorAt, textAttribute, type H5Group } from '../h5/tree.ts';
import type { ReadModel } from '../model-file.ts';
import { parseJson } from './json.ts';
import { legacyLayers } from './legacy-places.ts';
import { readTraining } from './optimizer-state.ts';
import { checked, modelFrom, placeholderNotes } from './read.ts';
import { problemWith } from './variables.ts';
import type { ReadWeights } from './weights.ts';

/** A tensor of a legacy file with its name there: `dense/kernel:0`. */
interface Named {
  readonly name: string;
  readonly value: TensorData;
}

/** Whether an H5 file holds weights in the layout before Keras 3: lists of names in attributes. */
export function isLegacy(file: H5Group): boolean {
  return weightsGroup(file) !== null;
}

function weightsGroup(file: H5Group): H5Group | null {
  const group = groupAt(file, 'model_weights') ?? file;
  return listAttribute(group, 'layer_names') ? group : null;
}

/** Reads a whole model from a legacy H5 file of Keras 2 or 3. Throws an Error that begins with `name`. */
export function readLegacy(file: H5Group, name: string): ReadModel {
  const text = textAttribute(file, 'model_config');
  if (text === null) throw new Error(`${name}: it holds weights and no model`);
  const plain = modelFrom(parseJson(text, `${name}: model_config`), name);
  const model = plain.models[0]!;
  const spec = withLegacyVariables(plain, model, file);
  const notes = placeholderNotes(spec);
  const values = checked(spec, readLegacyWeights(spec, model, file), name, notes);
  const trained = textAttribute(file, 'training_config');
  const config = trained === null ? null : parseJson(trained, `${name}: training_config`);
  const settings = fromCompileConfig(config, notes);
  const optimizer = groupAt(file, 'optimizer_weights');
  const state = optimizer && namedTensors(optimizer).map(({ value }) => value);
  const training = readTraining(spec, model, { settings, optimizer: state }, notes);
  return { spec, model, values, ...(training && { training }), notes };
}

/**
 * The weights of a legacy H5 file for a model: by the names of the layers right inside it, else one layer after the
 * other as Keras does, and in a layer by their order.
 */
export function readLegacyWeights(spec: ModelSpec, model: LayerId, file: H5Group): ReadWeights {
  const saved = savedLayers(file);
  const wanted = legacyLayers(spec, model).filter(({ variables }) => variables.length > 0);
  const byName = wanted.some(({ name }) => saved.has(name));
  const values: NamedTensors = {};
  const matched: Record<string, string> = {};
  const [missing, mismatched, unused]: [string[], string[], string[]] = [[], [], []];
  const inOrder = [...saved.keys()];
  wanted.forEach(({ name, variables }, i) => {
    const from = byName ? name : inOrder[i]!;
    const list = saved.get(from) ?? [];
    saved.delete(from);
    variables.forEach((variable, at) => {
      const given = list[at];
      if (!given) return void missing.push(variable.key);
      const problem = problemWith(variable, given.value);
      if (problem) return void mismatched.push(problem);
      values[variable.key] = given.value;
      matched[variable.key] = `${from}/${given.name}`;
    });
    unused.push(...list.slice(variables.length).map((one) => `${from}/${one.name}`));
  });
  for (const [from, list] of saved) unused.push(...list.map((one) => `${from}/${one.name}`));
  return { values, report: { matched, missing, mismatched, unused } };
}

/** The layers that have weights, in the file's order. */
function savedLayers(file: H5Group): Map<string, Named[]> {
  const group = weightsGroup(file);
  const layers = new Map<string, Named[]>();
  for (const name of (group && listAttribute(group, 'layer_names')) ?? []) {
    const layer = groupAt(group!, name);
    const tensors = layer ? namedTensors(layer) : [];
    if (tensors.length > 0) layers.set(name, tensors);
  }
  return layers;
}

function namedTensors(group: H5Group): Named[] {
  return (listAttribute(group, 'weight_names') ?? []).flatMap((name) => {
    const value = tensorAt(group, name);
    return value ? [{ name, value }] : [];
  });
}

/** The model with the variables of its placeholders: what the file lists under their names. */
function withLegacyVariables(spec: ModelSpec, model: LayerId, file: H5Group): ModelSpec {
  const foreign = layersInside(spec, model).filter((id) => layerOf(spec, id).foreign);
  if (foreign.length === 0) return spec;
  const all = [...savedLayers(file)].flatMap(([layer, list]) =>
    list.map(({ name, value }) => ({ path: [layer, ...name.split('/')], value })),
  );
  const layers = { ...spec.layers };
  for (const id of foreign) {
    const layer = layerOf(spec, id);
    const own = all.filter(({ path }) => path.slice(0, -1).includes(layer.config.name));
    const variables = own.map(({ value }, i) => ({ name: String(i), shape: value.shape }));
    layers[id] = { ...layer, foreign: { ...layer.foreign!, variables } };
  }
  return { ...spec, layers };
}
