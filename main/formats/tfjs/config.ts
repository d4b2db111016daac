import { readLayer } from '../../../shared/keras/layers/catalogue.ts';
import { toSnakeCase } from '../../../shared/keras/names.ts';
import {
  SpecError,
  type Json,
  type JsonObject,
  type LayerSpec,
} from '../../../shared/keras/spec.ts';
import type { Shape } from '../../../shared/program/tensor.ts';
import { activations, rules, type Rule } from './rules.ts';

/** A layer as tfjs-layers reads it. */
export interface TfjsLayer {
  readonly className: string;
  /** The configuration beside name, trainable and dtype. */
  readonly config: JsonObject;
  /** tfjs's name of one of the layer's variables. */
  weightName(name: string): string;
}

/**
 * A layer for tfjs; `input` is the shape of its first input. What only matters for further training and has no
 * counterpart there is left out and said in `notes`. Throws a SpecError at `path` for a class or a setting that would
 * compute something else in tfjs.
 */
export function tfjsLayer(
  layer: LayerSpec,
  input: Shape,
  path: string,
  notes: string[],
): TfjsLayer {
  const config = readLayer(layer, path).config as JsonObject;
  const { class_name } = layer;
  const rule = ruleOf(class_name, input, path);
  const refuse = (key: string, expected: string) =>
    new SpecError(
      path,
      `tfjs does not know every ${key} of ${class_name}: expected ${expected}; got ${JSON.stringify(config[key] ?? null)}`,
    );
  for (const [key, value] of Object.entries(rule.fixed ?? {}))
    if (JSON.stringify(config[key] ?? null) !== JSON.stringify(value))
      throw refuse(key, JSON.stringify(value));
  for (const [key, values] of Object.entries(rule.refused ?? {}))
    if (values.includes(config[key]!)) throw refuse(key, `another than ${values.join(', ')}`);
  const written: Record<string, Json> = {};
  for (const key of rule.keys) {
    const [from, to] = typeof key === 'string' ? [key, key] : key;
    const value = tfjsValue(from, config[from] ?? null, path, notes);
    if (value !== null) written[to] = value;
  }
  if (rule.axis) {
    const axis = positiveAxis(config['axis'], input.length);
    if (rule.axis === 'last' && axis !== input.length - 1) throw refuse('axis', 'the last one');
    written['axis'] = rule.axis === 'last' ? -1 : axis;
  }
  if (rule.className === 'Activation') written['activation'] = 'linear';
  return {
    className: rule.className ?? class_name,
    config: written,
    weightName: (name) => rule.weights?.[name] ?? name,
  };
}

function ruleOf(className: string, input: Shape, path: string): Rule {
  // tfjs's Flatten takes no vectors, which it would leave as they are.
  const name = className === 'Flatten' && input.length === 2 ? 'Identity' : className;
  if (Object.hasOwn(rules, name)) return rules[name]!;
  throw new SpecError(path, `tfjs has no layer that computes what ${className} does`);
}

/** A single axis counted from the front; NaN for several. */
function positiveAxis(axis: Json | undefined, rank: number): number {
  const [only = NaN, ...more] = [axis].flat();
  if (typeof only !== 'number' || more.length > 0) return NaN;
  return only < 0 ? only + rank : only;
}

function tfjsValue(key: string, value: Json, path: string, notes: string[]): Json {
  if (value === null) return null;
  if (key === 'activation') return tfjsActivation(value, path);
  return /_(initializer|regularizer|constraint)$/.test(key)
    ? tfjsPart(key, value, path, notes)
    : value;
}

function tfjsActivation(name: Json, path: string): Json {
  if (typeof name === 'string' && Object.hasOwn(activations, name)) return activations[name]!;
  throw new SpecError(path, `tfjs has no activation that computes what ${String(name)} does`);
}

/** tfjs's classes by Keras's snake-cased names, with the keys that both know. */
const parts: Readonly<Record<string, readonly [className: string, ...keys: string[]]>> = {
  zeros: ['Zeros'],
  ones: ['Ones'],
  constant: ['Constant', 'value'],
  random_uniform: ['RandomUniform', 'minval', 'maxval'],
  random_normal: ['RandomNormal', 'mean', 'stddev'],
  truncated_normal: ['TruncatedNormal', 'mean', 'stddev'],
  glorot_uniform: ['GlorotUniform'],
  glorot_normal: ['GlorotNormal'],
  he_uniform: ['HeUniform'],
  he_normal: ['HeNormal'],
  lecun_uniform: ['LeCunUniform'],
  lecun_normal: ['LeCunNormal'],
  orthogonal: ['Orthogonal', 'gain'],
  identity: ['Identity', 'gain'],
  l1: ['L1L2', 'l1'],
  l2: ['L1L2', 'l2'],
  l1_l2: ['L1L2', 'l1', 'l2'],
  max_norm: ['MaxNorm', 'max_value', 'axis'],
  unit_norm: ['UnitNorm', 'axis'],
  non_neg: ['NonNeg'],
  min_max_norm: ['MinMaxNorm', 'min_value', 'max_value', 'rate', 'axis'],
};

/** An initializer, regularizer or constraint as tfjs reads it; null when tfjs lacks it. */
function tfjsPart(key: string, given: Json, path: string, notes: string[]): Json {
  const { class_name, config = {} } = (
    typeof given === 'string' ? { class_name: given } : given
  ) as { class_name: string; config?: JsonObject };
  const name = toSnakeCase(class_name);
  if (!Object.hasOwn(parts, name)) {
    notes.push(`${path}: ${key} ${class_name} is left out, because tfjs does not have it`);
    return null;
  }
  const [className, ...keys] = parts[name]!;
  const own = keys.filter((key) => config[key] !== undefined).map((key) => [key, config[key]!]);
  return {
    class_name: className,
    // An absent factor of L1L2 is not 0 but a default of its own.
    config: { ...(className === 'L1L2' && { l1: 0, l2: 0 }), ...Object.fromEntries(own) },
  };
}
