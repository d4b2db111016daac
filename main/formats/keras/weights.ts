import { layerOf, type LayerId, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';
import { groupAt, tensorAt, type H5Builder, type H5Group } from '../h5/tree.ts';
import { valueOf } from '../exporter.ts';
import type { WeightsReport } from '../../../shared/api/models.ts';
import { join, kerasPlaces, variablePaths } from './places.ts';
import { problemWith, variablesByLayer } from './variables.ts';

/** Values by key, and how the file's tensors went onto the model's variables. */
export interface ReadWeights {
  readonly values: NamedTensors;
  readonly report: WeightsReport;
}

/** The weights of a `.keras` or `.weights.h5` file for a model: by Keras's paths of classes and numbers. */
export function readKerasWeights(spec: ModelSpec, model: LayerId, file: H5Group): ReadWeights {
  const places = kerasPlaces(spec, model, file);
  const left = new Set(tensorPaths(file).filter((path) => !path.startsWith('optimizer/')));
  const found = [...variablesByLayer(spec, model)].flatMap(([layer, variables]) => {
    const paths = variablePaths(variables.map(({ name }) => name));
    return variables.map((variable, i) => {
      const path = join(places.get(layer)!, paths[i]!);
      return { variable, path, value: tensorAt(file, path) };
    });
  });
  const values: NamedTensors = {};
  const report = { matched: {} as Record<string, string>, missing: [] as string[] };
  const mismatched: string[] = [];
  for (const { variable, path, value } of found) {
    const problem = value && problemWith(variable, value);
    if (value) left.delete(path);
    if (problem) mismatched.push(problem);
    else if (!value) report.missing.push(variable.key);
    else {
      values[variable.key] = value;
      report.matched[variable.key] = path;
    }
  }
  return { values, report: { ...report, mismatched, unused: [...left] } };
}

/** Puts a model's weights into a file, as Keras lays them out, with the names of the layers beside them. */
export function layKerasWeights(
  spec: ModelSpec,
  model: LayerId,
  values: NamedTensors,
  file: H5Builder,
): void {
  const variables = variablesByLayer(spec, model);
  for (const [layer, place] of kerasPlaces(spec, model)) {
    file.attribute(join(place, 'vars'), 'name', layerOf(spec, layer).config.name);
    const own = variables.get(layer) ?? [];
    const paths = variablePaths(own.map(({ name }) => name));
    own.forEach((variable, i) => file.tensor(join(place, paths[i]!), valueOf(variable, values)));
  }
}

/** The model with what the file holds of its placeholders' variables. */
export function withForeignVariables(spec: ModelSpec, model: LayerId, file: H5Group): ModelSpec {
  if (!Object.values(spec.layers).some(({ foreign }) => foreign)) return spec;
  const layers = { ...spec.layers };
  for (const [id, place] of kerasPlaces(spec, model, file)) {
    const layer = layerOf(spec, id);
    const group = layer.foreign && groupAt(file, place);
    if (!group) continue;
    const variables = foreignVariables(group, '').map(([name, { shape }]) => ({ name, shape }));
    layers[id] = { ...layer, foreign: { ...layer.foreign!, variables } };
  }
  return { ...spec, layers };
}

/** The tensors of a layer's group in order, by part and number: `0`, `dense/0`. */
function foreignVariables({ groups }: H5Group, part: string): [string, TensorData][] {
  return Object.entries(groups).flatMap(([name, group]) =>
    name === 'vars'
      ? Object.keys(group.tensors)
          .sort((a, b) => Number(a) - Number(b))
          .map((i): [string, TensorData] => [join(part, i), group.tensors[i]!])
      : foreignVariables(group, join(part, name)),
  );
}

/** The paths of all tensors in a group. */
function tensorPaths({ groups, tensors }: H5Group, path = ''): string[] {
  return [
    ...Object.keys(tensors).map((name) => join(path, name)),
    ...Object.entries(groups).flatMap(([name, group]) => tensorPaths(group, join(path, name))),
  ];
}
