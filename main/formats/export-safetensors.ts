import { basename, dirname } from 'node:path';
import type { ExportResult } from '../../shared/api/contract.ts';
import { layerAt, placesOf } from '../../shared/keras/graph.ts';
import { layerOf, type ModelSpec } from '../../shared/keras/spec.ts';
import { formatShape, type NamedTensors } from '../../shared/program/tensor.ts';
import { traceModel } from '../../shared/program/trace.ts';
import { writeFileAtomic } from './atomic.ts';
import { encodeSafetensors } from './safetensors.ts';

/**
 * Writes the weights of the model at `path` as one safetensors file, bit for bit, each variable once under the first
 * path that leads to it from the model: `encoder/conv2d/kernel`. `variables` holds at least the model's own, by key.
 * Throws an Error for a variable that is missing or has another shape.
 */
export async function exportSafetensors(
  spec: ModelSpec,
  path: string,
  variables: NamedTensors,
  file: string,
): Promise<ExportResult> {
  const bytes = encodeSafetensors({
    tensors: weightsByPath(spec, path, variables),
    metadata: { format: 'matryoshka', model: path },
  });
  await writeFileAtomic(file, bytes);
  return {
    folder: dirname(file),
    files: [{ name: basename(file), bytes: bytes.length }],
    notes: [],
  };
}

function weightsByPath(spec: ModelSpec, path: string, variables: NamedTensors): NamedTensors {
  const model = layerAt(spec, path);
  const name = layerOf(spec, model).config.name;
  const first = new Map<string, string>();
  for (const { path: place, layer } of placesOf(spec, [model]))
    if (!first.has(layer)) first.set(layer, place.slice(name.length + 1));
  return Object.fromEntries(
    traceModel(spec, model).variables.map(({ key, layer, shape, name: variable }) => {
      const value = variables[key];
      if (!value) throw new Error(`the weights hold no ${key}, which ${path} needs`);
      if (String(value.shape) !== String(shape))
        throw new Error(
          `${key} has shape ${formatShape(shape)}; the weights hold ${formatShape(value.shape)}`,
        );
      return [`${first.get(layer)!}/${variable}`, value];
    }),
  );
}
