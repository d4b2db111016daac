import { placesOf } from '../../shared/keras/graph.ts';
import { partOf } from '../../shared/keras/part-of.ts';
import { layerOf } from '../../shared/keras/spec.ts';
import { traceModel, type TracedVariable } from '../../shared/program/trace.ts';
import { modelOf, planBy, valueOf, type Exporter, type ExportSource } from './exporter.ts';
import { encodeSafetensors } from './safetensors.ts';

/** The key of the file's metadata that holds the model itself, as a ModelSpec: so a file can be opened alone. */
export const ARCHITECTURE = 'architecture';

/**
 * The weights of a model as a safetensors file, bit for bit, each variable once under the first path that leads to it
 * from the model: `encoder/conv2d/kernel`.
 */
export const weightsExporter: Exporter = {
  plan: (source) => planBy(() => namedVariables(source)),
  files(source, values, _, name) {
    const tensors = Object.fromEntries(
      namedVariables(source).map(([name, variable]) => [name, valueOf(variable, values)]),
    );
    const architecture = JSON.stringify(partOf(source.spec, modelOf(source)));
    const metadata = { format: 'matryoshka', model: source.path, [ARCHITECTURE]: architecture };
    return { [`${name}.safetensors`]: encodeSafetensors({ tensors, metadata }) };
  },
};

/** A model's variables with their names in the file. */
function namedVariables(source: ExportSource): [string, TracedVariable][] {
  const { spec } = source;
  const model = modelOf(source);
  const { name } = layerOf(spec, model).config;
  const first = new Map<string, string>();
  for (const { path, layer } of placesOf(spec, [model]))
    if (!first.has(layer)) first.set(layer, path.slice(name.length + 1));
  return traceModel(spec, model).variables.map((variable) => [
    `${first.get(variable.layer)!}/${variable.name}`,
    variable,
  ]);
}
