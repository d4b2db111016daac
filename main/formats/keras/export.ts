import type { ExportSource, Exporter } from '../exporter.ts';
import { modelOf, planBy, valueOf } from '../exporter.ts';
import type { CompileSettings } from '../../../shared/keras/compile-settings.ts';
import { toKerasConfig } from '../../../shared/keras/keras-json-write.ts';
import { pythonSource } from '../../../shared/keras/python-source.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import type { ModelFile } from '../model-file.ts';
import { encodeLegacyH5 } from './legacy-write.ts';
import { optimizerVariables } from './optimizer-order.ts';
import { sharedPaths } from './unshared.ts';
import { variablesByLayer } from './variables.ts';
import { encodeKeras } from './write.ts';

/** A model as a `.keras` file. */
export const kerasExporter: Exporter = {
  plan: (source) =>
    planBy((notes) => {
      toKerasConfig(source.spec, modelOf(source));
      for (const paths of sharedPaths(source.spec, modelOf(source)))
        notes.push(
          `${paths.join(' and ')} stay one layer with one set of weights in Keras 3.15; older versions may refuse the file`,
        );
      if (source.training && ownLoss(source.training.settings))
        notes.push('how it trains is left out, for Keras has no loss ssim');
    }),
  async files(source, variables, _, name) {
    return { [`${name}.keras`]: await encodeKeras(modelFileOf(source, variables)) };
  },
};

/** A model as a legacy H5 file. */
export const h5Exporter: Exporter = {
  plan: (source) =>
    planBy((notes) => {
      toKerasConfig(source.spec, modelOf(source));
      for (const paths of sharedPaths(source.spec, modelOf(source)))
        notes.push(
          `${paths.join(' and ')} share their weights here; H5 holds a copy for each, equal until one of them is trained`,
        );
      if (source.training)
        notes.push("the optimizer's state is left out, for Keras 3 can't go on from it in H5");
    }),
  async files(source, variables, _, name) {
    return { [`${name}.h5`]: await encodeLegacyH5(modelFileOf(source, variables)) };
  },
};

/** A program for Keras 3 that builds the model. */
export const pythonExporter: Exporter = {
  plan: (source) =>
    planBy((notes) => {
      pythonSource(source.spec, modelOf(source));
      notes.push(
        'it builds the model and holds no weights; load_weights brings them from a .keras file',
      );
    }),
  files: (source, _, __, name) => ({
    [`${name}.py`]: pythonSource(source.spec, modelOf(source)),
  }),
};

/** The model at the source's path with its weights, and its training where this is the model that was trained. */
function modelFileOf(source: ExportSource, variables: NamedTensors): ModelFile {
  const model = modelOf(source);
  const values: NamedTensors = {};
  for (const own of variablesByLayer(source.spec, model).values())
    for (const variable of own) values[variable.key] = valueOf(variable, variables);
  const file = { spec: source.spec, model, values };
  const settings = source.training?.settings;
  if (!settings || settings.model !== model || ownLoss(settings)) return file;
  const training = { settings: compiled(settings) };
  const state = Object.entries(variables).filter(([key]) => key.startsWith('optimizer/'));
  const optimizer = Object.fromEntries(state);
  // A layer that was frozen while it trained may have no state yet: then Keras begins anew.
  const whole = optimizerVariables(source.spec, model, training.settings).every(
    ({ key }) => key === null || key in optimizer,
  );
  return { ...file, training: { ...training, ...(whole && { optimizer }) } };
}

/** A loss of the settings that Keras does not have, so that it could not load the file. */
function ownLoss({ loss }: CompileSettings): boolean {
  return /"ssim"|"SSIM"/i.test(JSON.stringify(loss));
}

function compiled(settings: CompileSettings): CompileSettings {
  const { optimizer, loss, loss_weights, metrics, weighted_metrics } = settings;
  return {
    optimizer,
    loss,
    ...(loss_weights && { loss_weights }),
    ...(metrics && { metrics }),
    ...(weighted_metrics && { weighted_metrics }),
  };
}
