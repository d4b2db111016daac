import { outputNames } from './compile-settings.ts';
import { layerAt, layersIn } from './graph.ts';
import { layerOf, SpecError, type LayerId, type LayerSpec, type ModelSpec } from './spec.ts';
import type { TrainingSettings } from './training-settings.ts';

/** Models, and how one of them trains. */
interface Content {
  readonly model: ModelSpec;
  readonly training: TrainingSettings;
}

/**
 * The layer at a path under another name, at all its paths; settings that name it as an input or output follow. Its
 * variables keep their keys, so weights stay. Throws a SpecError for a name that can't be or that is taken.
 */
export function renameLayer<C extends Content>(content: C, path: string, name: string): C {
  const { model: spec, training } = content;
  const layer = layerAt(spec, path);
  const before = layerOf(spec, layer);
  if (before.config.name === name) return content;
  if (name.trim() === '' || name.includes('/'))
    throw new SpecError(path, `a name is a text without "/"; got ${JSON.stringify(name)}`);
  for (const siblings of groupsWith(spec, layer))
    if (siblings.some((other) => other !== layer && layerOf(spec, other).config.name === name))
      throw new SpecError(path, `another layer beside it is named ${name}`);
  const renamed: LayerSpec = { ...before, config: { ...before.config, name } };
  const model = { ...spec, layers: { ...spec.layers, [layer]: renamed } };
  return { ...content, model, training: withPorts(training, spec, model) };
}

/** The lists of layers that stand beside one another and hold this one. */
function groupsWith(spec: ModelSpec, layer: LayerId): (readonly LayerId[])[] {
  const groups = Object.keys(spec.layers).map((id) => layersIn(spec, id, id));
  return [spec.models, ...groups].filter((group) => group.includes(layer));
}

/** The settings with the names that the inputs and outputs of the trained model have now. */
export function withPorts(
  training: TrainingSettings,
  before: ModelSpec,
  after: ModelSpec,
): TrainingSettings {
  const inputs = renaming(inputNames, before, after, training.model);
  const outputs = renaming(outputNames, before, after, training.model);
  const { loss, loss_weights, metrics, weighted_metrics, columns } = training;
  return {
    ...training,
    loss: byName(loss, outputs),
    loss_weights: byName(loss_weights, outputs),
    metrics: byName(metrics, outputs),
    weighted_metrics: byName(weighted_metrics, outputs),
    columns: {
      inputs: byName(columns.inputs, inputs),
      outputs: byName(columns.outputs, outputs),
    },
  };
}

type NamesOf = (spec: ModelSpec, model: LayerId) => readonly string[];

function renaming(namesOf: NamesOf, before: ModelSpec, after: ModelSpec, model: LayerId) {
  const now = namesOf(after, model);
  return new Map(namesOf(before, model).map((name, i) => [name, now[i]!]));
}

function inputNames(spec: ModelSpec, model: LayerId): string[] {
  return layerOf(spec, model).graph!.inputs.map(([input]) => layerOf(spec, input).config.name);
}

/** A setting by name, with other names; any other setting, and a Keras object, as it is. */
function byName<T>(setting: T, names: ReadonlyMap<string, string>): T {
  if (typeof setting !== 'object' || setting === null || Array.isArray(setting)) return setting;
  if ('class_name' in setting) return setting;
  return Object.fromEntries(
    Object.entries(setting).map(([name, value]) => [names.get(name) ?? name, value]),
  ) as T;
}
