import type { ExportResult } from '../../../shared/api/contract.ts';
import { layerAt } from '../../../shared/keras/graph.ts';
import { layerOf, SpecError, type ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';
import { formatShape } from '../../../shared/program/tensor.ts';
import { writeFolderAtomic } from '../atomic.ts';
import { withDistinctTensors } from './distinct.ts';
import { tfjsTopology, type FileWeight } from './topology.ts';

/**
 * Writes the model at `path` (`autoencoder/encoder`) as a folder that `tf.loadLayersModel` of tfjs 4.22 loads:
 * model.json and weights.bin, whole or not at all. `variables` holds at least the model's own, by key. Throws an Error
 * for what tfjs can't compute, a variable that is missing, or a folder that holds other files.
 */
export async function exportTfjs(
  spec: ModelSpec,
  path: string,
  variables: NamedTensors,
  folder: string,
): Promise<ExportResult> {
  const model = layerAt(spec, path);
  if (!layerOf(spec, model).graph)
    throw new SpecError(path, `expected a model; ${layerOf(spec, model).class_name} is a layer`);
  const notes: string[] = [];
  const topology = tfjsTopology(withDistinctTensors(spec, model, notes), model, notes);
  const tensors = topology.weights.map((weight) => valueOf(weight, variables));
  const specs = topology.weights.map(({ name }, i) => {
    const { shape, dtype } = tensors[i]!;
    return { name, shape, dtype };
  });
  const json = {
    format: 'layers-model',
    generatedBy: 'Matryoshka',
    convertedBy: null,
    modelTopology: topology.model,
    weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
  };
  const bytes = tensors.map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  const files = { 'model.json': JSON.stringify(json), 'weights.bin': Buffer.concat(bytes) };
  await writeFolderAtomic(folder, files);
  return {
    folder,
    files: Object.entries(files).map(([name, content]) => ({
      name,
      bytes: Buffer.byteLength(content),
    })),
    notes,
  };
}

function valueOf({ name, variable }: FileWeight, variables: NamedTensors): TensorData {
  const value = variables[variable.key];
  if (!value) throw new Error(`the weights hold no ${variable.key}, which ${name} needs`);
  if (String(value.shape) !== String(variable.shape))
    throw new Error(
      `${variable.key} has shape ${formatShape(variable.shape)}; the weights hold ${formatShape(value.shape)}`,
    );
  return value;
}
