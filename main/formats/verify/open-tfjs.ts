import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type * as core from '@tensorflow/tfjs-core';
import type * as layers from '@tensorflow/tfjs-layers';
import { tensor } from '../../../shared/program/tensor.ts';
import type { OpenFile } from './opened.ts';

// tfjs's packages are CommonJS; one `require` for all keeps them on one copy of tfjs-core.
const require = createRequire(import.meta.url);

/** tfjs-layers on tfjs's own JavaScript backend. */
export const openTfjs: OpenFile = async (target) => {
  const tf = require('@tensorflow/tfjs-core') as typeof core;
  require('@tensorflow/tfjs-backend-cpu');
  const { loadLayersModel, version_layers } = require('@tensorflow/tfjs-layers') as typeof layers;
  tf.enableProdMode(); // no advice on the console
  await tf.setBackend('cpu');
  const json = JSON.parse(await readFile(join(target, 'model.json'), 'utf8')) as {
    modelTopology: object;
    weightsManifest: { paths: string[]; weights: core.io.WeightsManifestEntry[] }[];
  };
  const [group] = json.weightsManifest;
  const bytes = new Uint8Array(await readFile(join(target, group!.paths[0]!)));
  const model = await loadLayersModel(
    tf.io.fromMemory({
      modelTopology: json.modelTopology,
      weightSpecs: group!.weights,
      weightData: bytes.buffer,
    }),
  );
  return {
    runtime: `TensorFlow.js ${version_layers}`,
    async run(inputs) {
      const fed = inputs.map(({ data, shape, dtype }) => tf.tensor(data, [...shape], dtype));
      const results = [model.predict(fed)].flat() as core.Tensor[];
      const answers = results.map((result) =>
        tensor(result.dataSync(), result.shape, result.dtype === 'int32' ? 'int32' : 'float32'),
      );
      tf.dispose([fed, results]);
      return answers;
    },
    close() {
      model.dispose();
    },
  };
};
