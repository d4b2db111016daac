import { placesOf } from '../../shared/keras/graph.ts';
import { layerOf } from '../../shared/keras/spec.ts';
import { traceModel, type TracedVariable } from '../../shared/program/trace.ts';
import { modelOf, planBy, valueOf, type Exporter, type ExportSource } from './exporter.ts';
import { encodeSafetensors } from './safetensors.ts';

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
    const metadata = { format: 'matryoshka', model: source.path };
    return { [`${name}.safetensors`]: encodeSafetensors({ tensors, metadata }) };
  },
};

/** A model's variables with their names in the file. */
export function namedVariables(source: ExportSource): [string, TracedVariable][] {
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
