import type { ClassWeight } from './class-weight.ts';
import { layerOf, SpecError, type JsonObject, type LayerId, type ModelSpec } from './spec.ts';

/** A Keras object: a name, or its class with its configuration. */
export type KerasObject = string | JsonObject;

/** One for all outputs, one per output in order, or by the outputs' names. */
export type PerOutput<T> = T | readonly (T | null)[] | Readonly<Record<string, T | null>>;

/** What a model learns from, as Keras's `compile` takes it. */
export interface CompileSettings {
  readonly optimizer: { readonly class_name: string; readonly config: JsonObject };
  readonly loss: PerOutput<KerasObject>;
  readonly loss_weights?: readonly number[] | Readonly<Record<string, number>> | null;
  /** Metrics that count each sample once; a list for a model with one output. */
  readonly metrics?: PerOutput<readonly KerasObject[]> | null;
  /** Metrics that count each sample by its weight. */
  readonly weighted_metrics?: PerOutput<readonly KerasObject[]> | null;
  /** What `fit` takes: what each class counts for in training. */
  readonly class_weight?: ClassWeight | null;
}

/** What one output learns from. */
export interface OutputSettings {
  /** Keras's name of the output: that of the layer that gives it. */
  readonly name: string;
  /** Null: this output is not trained. */
  readonly loss: KerasObject | null;
  readonly weight: number;
  readonly metrics: readonly KerasObject[];
  readonly weightedMetrics: readonly KerasObject[];
}

/** The names of a model's outputs, as Keras has them: the layers that give them; repeated ones get `_1`, `_2`. */
export function outputNames(spec: ModelSpec, model: LayerId): string[] {
  const { graph, config } = layerOf(spec, model);
  if (!graph) throw new SpecError(config.name, 'expected a model; got a layer');
  const seen = new Map<string, number>();
  return graph.outputs.map(([layer]) => {
    const { name } = layerOf(spec, layer).config;
    const count = seen.get(name) ?? 0;
    seen.set(name, count + 1);
    return count === 0 ? name : `${name}_${count}`;
  });
}

/** The settings sorted by output. Throws a SpecError for settings that name no output or miss one. */
export function settingsPerOutput(
  spec: ModelSpec,
  model: LayerId,
  settings: CompileSettings,
): OutputSettings[] {
  const names = outputNames(spec, model);
  const losses = spread(names, settings.loss, 'loss', isKerasObject);
  if (settings.class_weight && names.length > 1)
    throw new SpecError(
      'class_weight',
      `only a model with a single output can have it; ${layerOf(spec, model).config.name} has ${names.length}`,
    );
  const weights = spread(names, settings.loss_weights ?? null, 'loss_weights', isNumber);
  const metrics = spread<readonly KerasObject[]>(
    names,
    nested(names, settings.metrics),
    'metrics',
    Array.isArray,
  );
  const weighted = spread<readonly KerasObject[]>(
    names,
    nested(names, settings.weighted_metrics),
    'weighted_metrics',
    Array.isArray,
  );
  return names.map((name, i) => ({
    name,
    loss: losses[i] ?? null,
    weight: weights[i] ?? 1,
    metrics: metrics[i] ?? [],
    weightedMetrics: weighted[i] ?? [],
  }));
}

const isNumber = (value: unknown) => typeof value === 'number';
const isKerasObject = (value: unknown) =>
  typeof value === 'string' ||
  (typeof value === 'object' && value !== null && 'class_name' in value);

/** A flat list of metrics is for a model's only output. */
function nested(
  names: readonly string[],
  metrics: CompileSettings['metrics'],
): PerOutput<readonly KerasObject[]> | null {
  if (!Array.isArray(metrics)) return metrics ?? null;
  if (metrics.length === 0) return null;
  const flat = metrics.every((entry) => isKerasObject(entry));
  return (flat && names.length === 1 ? [metrics] : metrics) as PerOutput<readonly KerasObject[]>;
}

/** One value per output from any of the forms that Keras takes. */
function spread<T>(
  names: readonly string[],
  given: PerOutput<T> | null,
  setting: string,
  isOne: (value: unknown) => boolean,
): (T | null)[] {
  if (given === null) return names.map(() => null);
  if (
    Array.isArray(given) &&
    !(isOne === Array.isArray && names.length === 1 && !given.every(isOne))
  ) {
    if (given.length !== names.length)
      throw new SpecError(
        setting,
        `expected one for each of ${names.length} outputs; got ${given.length}`,
      );
    return [...(given as readonly (T | null)[])];
  }
  if (isOne(given)) return names.map(() => given as T);
  const byName = given as Readonly<Record<string, T | null>>;
  const unknown = Object.keys(byName).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new SpecError(
      setting,
      `there is no output ${unknown}; the outputs are ${names.join(', ')}`,
    );
  return names.map((name) => (Object.hasOwn(byName, name) ? byName[name]! : null));
}
