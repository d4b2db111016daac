import type { CompileSettings, KerasObject, PerOutput } from './compile-settings.ts';
import { isObject } from './keras-json-calls.ts';
import { lossOf } from './losses/catalogue.ts';
import { plainValue } from './keras-json-config.ts';
import { toSnakeCase } from './names.ts';
import { optimizerOf } from './optimizers/catalogue.ts';
import { SpecError, type Json, type JsonObject } from './spec.ts';

/** Keys of optimizers before Keras 3 that say nothing about the numbers, or have another name now. */
const OLD_KEYS = new Set(['jit_compile', 'is_legacy_optimizer', 'decay', 'lr']);

/**
 * What a model was compiled with, from the `compile_config` of a `.keras` file or the `training_config` of a legacy H5
 * file or of tfjs. Null where nothing can be trained with it; why, and what was left out, is added to `notes`.
 */
export function fromCompileConfig(config: unknown, notes: string[]): CompileSettings | null {
  if (!isObject(config)) return null;
  const optimizer = optimizerFrom(config['optimizer_config'] ?? config['optimizer'], notes);
  const loss = perOutput(config['loss'], kerasObject);
  if (optimizer === null || loss === null) return null;
  const problem = unknownLoss(loss);
  if (problem !== null) {
    notes.push(`how it was trained is left out: ${problem}`);
    return null;
  }
  const weights = config['loss_weights'];
  return {
    optimizer,
    loss: loss as CompileSettings['loss'],
    ...(weights != null && { loss_weights: plainValue(weights) as never }),
    ...metricsFrom(config, 'metrics'),
    ...metricsFrom(config, 'weighted_metrics'),
  };
}

/** Why a loss is none that is known here; null where each is. */
function unknownLoss(loss: PerOutput<KerasObject>): string | null {
  const single = typeof loss === 'string' || 'class_name' in loss;
  const all = single ? [loss as KerasObject] : (Object.values(loss) as (KerasObject | null)[]);
  try {
    for (const one of all) if (one !== null) lossOf(one);
    return null;
  } catch (error) {
    if (error instanceof SpecError) return error.problem;
    throw error;
  }
}

function optimizerFrom(saved: unknown, notes: string[]): CompileSettings['optimizer'] | null {
  const given = typeof saved === 'string' ? { class_name: saved, config: {} } : saved;
  if (!isObject(given) || typeof given['class_name'] !== 'string') return null;
  const { lr, ...config } = plainValue(given['config'] ?? {}) as JsonObject;
  const rate = config['learning_rate'] ?? lr;
  const kept = Object.entries(config).filter(([key]) => !OLD_KEYS.has(key));
  const setting = {
    class_name: given['class_name'].replace(/^.*>/, ''),
    config: {
      ...Object.fromEntries(kept),
      ...(rate !== undefined && { learning_rate: scheduleFrom(rate) }),
    },
  };
  if (config['decay'])
    notes.push(`the optimizer's decay of ${JSON.stringify(config['decay'])} is left out`);
  try {
    return { ...setting, class_name: optimizerOf(setting).className };
  } catch (error) {
    if (!(error instanceof SpecError)) throw error;
    notes.push(`how it was trained is left out: ${error.problem}`);
    return null;
  }
}

function scheduleFrom(rate: Json): Json {
  return isObject(rate) ? withoutModule(rate as JsonObject) : rate;
}

/** Keras's object without what says where its class lies. */
function withoutModule({ class_name, config }: JsonObject): JsonObject {
  return { class_name: class_name!, config: config ?? {} };
}

/** A loss or metric: its name, or its class with its configuration. */
function kerasObject(saved: unknown): KerasObject | null {
  if (typeof saved === 'string') return saved;
  if (!isObject(saved) || typeof saved['class_name'] !== 'string') return null;
  const { class_name } = saved;
  const config = plainValue(saved['config'] ?? {});
  // A function of Keras, which `config` names.
  if (class_name === 'function' && typeof config === 'string') return config;
  if (!isObject(config)) return class_name;
  // Before Keras 3, a metric that is a function is saved within a class that takes its mean.
  if (/^(MeanMetric|LossFunction)Wrapper$/.test(class_name) && typeof config['fn'] === 'string')
    return config['fn'];
  const { fn: _, ...own } = config as JsonObject;
  return { class_name: class_name.replace(/^.*>/, ''), config: own };
}

/** One value, or one per output in a list or by name. */
function perOutput<T>(saved: unknown, read: (one: unknown) => T | null): PerOutput<T> | null {
  const one = read(saved);
  if (one !== null) return one;
  if (Array.isArray(saved)) return saved.map(read);
  if (!isObject(saved)) return null;
  return Object.fromEntries(Object.entries(saved).map(([name, value]) => [name, read(value)]));
}

function metricsFrom(config: Record<string, unknown>, key: 'metrics' | 'weighted_metrics') {
  const list = (one: unknown) => {
    const all = (Array.isArray(one) ? one : [one]).map(kerasObject);
    return all.filter((metric) => metric !== null);
  };
  const saved = config[key];
  if (saved == null) return {};
  if (isObject(saved) && !('class_name' in saved))
    return { [key]: Object.fromEntries(Object.entries(saved).map(([k, v]) => [k, list(v)])) };
  if (Array.isArray(saved) && saved.some((one) => Array.isArray(one) || one === null))
    return { [key]: saved.length === 1 ? list(saved[0]) : saved.map(list) };
  return { [key]: list(saved) };
}

/**
 * A training as the `training_config` of a legacy H5 file. Keras 3.15 can't read a loss there by its short name, so it
 * stands by its class.
 */
export function toTrainingConfig(settings: CompileSettings): JsonObject {
  const { optimizer, loss, ...config } = toCompileConfig(settings);
  const byClass = (value: Json): Json => {
    if (typeof value === 'string') return lossOf(value).className;
    if (Array.isArray(value)) return value.map(byClass);
    if (!isObject(value) || 'class_name' in value) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, byClass(one)]));
  };
  return { ...config, loss: byClass(loss!), optimizer_config: optimizer! };
}

/** A training as Keras's `compile_config`, which `load_model` compiles the model with. */
export function toCompileConfig(settings: CompileSettings): JsonObject {
  const { class_name } = settings.optimizer;
  const { momentum, ...others } = settings.optimizer.config;
  // Keras wants a float, and JSON's 0 is none to Python; it is the default.
  const config = momentum ? { momentum, ...others } : others;
  const { learning_rate: rate } = config;
  return {
    optimizer: placed('keras.optimizers', {
      class_name: optimizerOf({ class_name, config }).className,
      config: {
        ...config,
        name: config['name'] ?? toSnakeCase(class_name),
        ...(isObject(rate) && {
          learning_rate: placed('keras.optimizers.schedules', rate as JsonObject),
        }),
      },
    }),
    loss: placedIn('keras.losses', settings.loss as Json),
    loss_weights: (settings.loss_weights ?? null) as Json,
    metrics: placedIn('keras.metrics', (settings.metrics ?? null) as Json),
    weighted_metrics: placedIn('keras.metrics', (settings.weighted_metrics ?? null) as Json),
  };
}

/** An object with what Keras needs to find its class. */
function placed(module: string, { class_name, config }: JsonObject): JsonObject {
  return { module, class_name: class_name!, config: config ?? {}, registered_name: null };
}

function placedIn(module: string, value: Json): Json {
  if (Array.isArray(value)) return value.map((one: Json) => placedIn(module, one));
  if (!isObject(value)) return value;
  const object = value as JsonObject;
  if ('class_name' in object) return placed(module, object);
  return Object.fromEntries(
    Object.entries(object).map(([name, one]) => [name, placedIn(module, one)]),
  );
}
