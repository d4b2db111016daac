import { toTrainingConfig } from '../../../shared/keras/compile-config.ts';
import { toKerasConfig } from '../../../shared/keras/keras-json-write.ts';
import { valueOf } from '../exporter.ts';
import { writeH5 } from '../h5/h5.ts';
import { H5Builder } from '../h5/tree.ts';
import type { ModelFile } from '../model-file.ts';
import { legacyLayers } from './legacy-places.ts';
import { join } from './places.ts';
import { unshared } from './unshared.ts';
import { KERAS_VERSION } from './write.ts';

/**
 * A model as a legacy H5 file as Keras 3 writes them, which Keras 3 loads, compiled where it is trained. A layer with
 * several paths is written once a path. The optimizer's state is left out: Keras 3.15 loads no such file so that it
 * trains on. Throws an Error where a weight is missing.
 */
export function encodeLegacyH5(file: ModelFile): Promise<Uint8Array> {
  const { spec, model, values, training } = unshared(file);
  const h5 = new H5Builder();
  const { class_name, config } = toKerasConfig(spec, model);
  h5.attribute('', 'keras_version', KERAS_VERSION);
  h5.attribute('', 'backend', 'tensorflow');
  h5.attribute('', 'model_config', JSON.stringify({ class_name, config }));
  if (training)
    h5.attribute('', 'training_config', JSON.stringify(toTrainingConfig(training.settings)));
  const layers = legacyLayers(spec, model);
  h5.attribute(
    'model_weights',
    'layer_names',
    layers.map(({ name }) => name),
  );
  h5.attribute('model_weights', 'backend', 'tensorflow');
  h5.attribute('model_weights', 'keras_version', KERAS_VERSION);
  for (const { name, variables } of [
    ...layers,
    { name: 'top_level_model_weights', variables: [] },
  ]) {
    const group = join('model_weights', name);
    const names = variables.map(({ key }) => key);
    h5.attribute(group, 'weight_names', names);
    for (const variable of variables)
      h5.tensor(join(group, variable.key), valueOf(variable, values));
  }
  return writeH5(h5.build());
}
