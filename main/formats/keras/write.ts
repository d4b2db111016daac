import { zipSync } from 'fflate';
import { toCompileConfig } from '../../../shared/keras/compile-config.ts';
import { toKerasConfig } from '../../../shared/keras/keras-json-write.ts';
import { writeH5 } from '../h5/h5.ts';
import { H5Builder } from '../h5/tree.ts';
import type { ModelFile } from '../model-file.ts';
import { savedOptimizer } from './optimizer-state.ts';
import { layKerasWeights } from './weights.ts';

/** The version of Keras whose files these are like. */
export const KERAS_VERSION = '3.15.1';

/**
 * A model as a `.keras` file, which `keras.models.load_model` of Keras 3 loads, compiled and with the optimizer's state
 * where there is one. Throws an Error where a weight is missing or the model is not valid.
 */
export async function encodeKeras(file: ModelFile): Promise<Uint8Array> {
  const { spec, model, training } = file;
  const config = {
    ...toKerasConfig(spec, model),
    ...(training && { compile_config: toCompileConfig(training.settings) }),
  };
  const saved = new Date().toISOString().slice(0, 19).replace('T', '@');
  const metadata = { keras_version: KERAS_VERSION, date_saved: saved };
  const text = (json: unknown) => new TextEncoder().encode(JSON.stringify(json));
  return zipSync(
    {
      'metadata.json': text(metadata),
      'config.json': text(config),
      'model.weights.h5': await encodeKerasWeights(file),
    },
    { level: 0 },
  );
}

/** The weights as Keras's `.weights.h5`, with the optimizer's state where there is one. */
function encodeKerasWeights(file: ModelFile): Promise<Uint8Array> {
  const { spec, model, values, training } = file;
  const h5 = new H5Builder();
  layKerasWeights(spec, model, values, h5);
  if (training?.optimizer) {
    const { settings, optimizer } = training;
    const { tensors } = savedOptimizer(spec, model, settings, optimizer);
    h5.attribute('optimizer/vars', 'name', settings.optimizer.class_name.toLowerCase());
    tensors.forEach((tensor, i) => h5.tensor(`optimizer/vars/${i}`, tensor));
  }
  return writeH5(h5.build());
}
