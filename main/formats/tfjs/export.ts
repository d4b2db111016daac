import type { LayerId, ModelSpec } from '../../../shared/keras/spec.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { modelOf, planBy, valueOf, type ExportedFiles, type Exporter } from '../exporter.ts';
import { withDistinctTensors } from './distinct.ts';
import { tfjsTopology } from './topology.ts';

/** A folder that `tf.loadLayersModel` of tfjs 4.22 loads: model.json and weights.bin. */
export const tfjsExporter: Exporter = {
  plan: (source) => planBy((notes) => topology(source.spec, modelOf(source), notes)),
  files: (source, variables) => folder(topology(source.spec, modelOf(source), []), variables),
};

function topology(spec: ModelSpec, model: LayerId, notes: string[]) {
  return tfjsTopology(withDistinctTensors(spec, model, notes), model, notes);
}

function folder(
  { model, weights }: ReturnType<typeof topology>,
  variables: NamedTensors,
): ExportedFiles {
  const tensors = weights.map(({ variable }) => valueOf(variable, variables));
  const specs = weights.map(({ name }, i) => {
    const { shape, dtype } = tensors[i]!;
    return { name, shape, dtype };
  });
  const json = {
    format: 'layers-model',
    generatedBy: 'Matryoshka',
    convertedBy: null,
    modelTopology: model,
    weightsManifest: [{ paths: ['weights.bin'], weights: specs }],
  };
  const bytes = tensors.map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  return { 'model.json': JSON.stringify(json), 'weights.bin': Buffer.concat(bytes) };
}
