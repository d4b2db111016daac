import { readLayer } from '../../../shared/keras/layers/catalogue.ts';
import { toSnakeCase } from '../../../shared/keras/names.ts';
import {
  SpecError,
  type Json,
  type JsonObject,
  type LayerSpec,
} from '../../../shared/keras/spec.ts';

/** How a class of layers is written: the keys that tfjs reads, and those that it ignores with what they must be. */
interface Rule {
  readonly keys: readonly string[];
  readonly ignored?: Readonly<Record<string, Json>>;
}

const PARTS = ['kernel_initializer', 'bias_initializer', 'kernel_regularizer', 'bias_regularizer',
  'activity_regularizer', 'kernel_constraint', 'bias_constraint']; // prettier-ignore
const weighted = ['use_bias', 'activation', ...PARTS];
const window = ['strides', 'padding', 'data_format'];

/** The classes whose meaning tfjs-layers 4.22 shares with Keras 3. */
const rules: Readonly<Record<string, Rule>> = {
  Dense: { keys: ['units', ...weighted] },
  Conv2D: {
    keys: ['filters', 'kernel_size', 'dilation_rate', ...window, ...weighted],
    ignored: { groups: 1 },
  },
  Conv2DTranspose: {
    keys: ['filters', 'kernel_size', ...window, ...weighted],
    ignored: { output_padding: null, dilation_rate: [1, 1] },
  },
  MaxPooling2D: { keys: ['pool_size', ...window] },
  GlobalMaxPooling2D: { keys: ['data_format'], ignored: { keepdims: false } },
  UpSampling2D: { keys: ['size', 'data_format', 'interpolation'] },
  Reshape: { keys: ['target_shape'] },
  Flatten: { keys: ['data_format'] },
  Activation: { keys: ['activation'] },
  Dropout: { keys: ['rate'] },
  Add: { keys: [] },
  Concatenate: { keys: ['axis'] },
};

/**
 * A layer's configuration as tfjs-layers reads it, beside its name. What only matters for further training and has no
 * counterpart there is left out and said in `notes`. Throws a SpecError at `path` for a class or a setting that would
 * compute something else in tfjs.
 */
export function tfjsConfig(layer: LayerSpec, path: string, notes: string[]): JsonObject {
  const config = readLayer(layer, path).config as JsonObject;
  const rule = Object.hasOwn(rules, layer.class_name) ? rules[layer.class_name] : undefined;
  if (!rule)
    throw new SpecError(path, `tfjs has no layer that computes what ${layer.class_name} does`);
  for (const [key, value] of Object.entries(rule.ignored ?? {})) {
    const received = config[key] ?? null;
    if (JSON.stringify(received) !== JSON.stringify(value))
      throw new SpecError(
        path,
        `tfjs ignores ${key} of ${layer.class_name}: expected ${JSON.stringify(value)}; got ${JSON.stringify(received)}`,
      );
  }
  const entries = rule.keys.map((key): [string, Json] => [
    key,
    PARTS.includes(key) ? part(key, config[key] ?? null, path, notes) : (config[key] ?? null),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => value !== null));
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

/** An initializer, regularizer or constraint as tfjs reads it; null when there is none or tfjs lacks it. */
function part(key: string, given: Json, path: string, notes: string[]): Json {
  if (given === null) return null;
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
