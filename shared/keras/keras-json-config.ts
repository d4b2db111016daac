import { isObject } from './keras-json-calls.ts';
import { SpecError, type Json, type LayerConfig } from './spec.ts';

/** Keys of older or newer Keras versions that say nothing when they have this value. */
const EMPTY: Readonly<Record<string, Json>> = {
  quantization_config: null,
  gptq_unpacked_column_size: null,
  lora_rank: null,
  lora_alpha: null,
  sparse: false,
  ragged: false,
  optional: false,
  time_major: false,
};

const KERNEL = ['kernel_initializer', 'kernel_regularizer', 'kernel_constraint'];

/** Keys of Keras 2 that mean nothing for a class. */
const MEANINGLESS: Readonly<Record<string, readonly string[]>> = {
  DepthwiseConv1D: KERNEL,
  DepthwiseConv2D: KERNEL,
  SeparableConv1D: KERNEL,
  SeparableConv2D: KERNEL,
  MultiHeadAttention: ['query_shape', 'key_shape', 'value_shape'],
};

/** Classes of Keras 2 that have `groups`, always 1, from the class that they extend. */
const UNGROUPED = /^(Depthwise|Separable)Conv\dD$|^Conv\dDTranspose$/;

/** Keys that Keras 3 itself accepts and drops. */
const DROPPED = new Set(['batch_input_shape', 'input_length', 'input_dtype', 'implementation']);

/**
 * A layer's configuration in this project's form: dtypes as names, an InputLayer's `batch_shape`, and nothing that
 * only says how Keras wrote the file. Other keys stay as they are; the catalogue checks them.
 */
export function plainConfig(
  className: string,
  name: string,
  config: Readonly<Record<string, unknown>>,
  path: string,
): LayerConfig {
  if (Object.hasOwn(config, '__proto__')) throw new SpecError(path, '__proto__ is no key');
  const plain: Record<string, Json> = {};
  for (const [key, value] of Object.entries(config))
    if (
      !DROPPED.has(key) &&
      !(Object.hasOwn(EMPTY, key) && EMPTY[key] === value) &&
      !(Object.hasOwn(MEANINGLESS, className) && MEANINGLESS[className]!.includes(key)) &&
      !(key === 'groups' && value === 1 && UNGROUPED.test(className))
    )
      plain[className === 'LeakyReLU' && key === 'alpha' ? 'negative_slope' : key] =
        plainValue(value);
  plain['name'] = name;
  if (config['dtype'] !== undefined) plain['dtype'] = dtypeName(config['dtype'], path);
  if (className === 'InputLayer')
    plain['batch_shape'] = batchShape(config['batch_shape'] ?? config['batch_input_shape'], path);
  if (className === 'BatchNormalization' && Array.isArray(config['axis']))
    plain['axis'] = config['axis'][0] as Json;
  return plain as LayerConfig;
}

/** `float32`, also from `{class_name: DTypePolicy, config: {name}}`. */
function dtypeName(dtype: unknown, path: string): Json {
  if (dtype === null) return 'float32';
  const policy = isObject(dtype) && isObject(dtype['config']) ? dtype['config']['name'] : dtype;
  if (typeof policy !== 'string')
    throw new SpecError(path, `a dtype is a name or a policy; got ${JSON.stringify(dtype)}`);
  return policy;
}

function batchShape(shape: unknown, path: string): Json {
  const dim = (size: unknown) =>
    size === null || (typeof size === 'number' && Number.isInteger(size) && size >= 0);
  if (!Array.isArray(shape) || !shape.every(dim))
    throw new SpecError(
      path,
      `an InputLayer needs a batch_shape of sizes and nulls; got ${JSON.stringify(shape)}`,
    );
  return shape as Json[];
}

/** The value without Keras's marks for shared objects; tensors and tuples are lists. */
export function plainValue(value: unknown): Json {
  if (Array.isArray(value)) return value.map(plainValue);
  if (!isObject(value)) return value as Json;
  const { class_name, config, items } = value;
  if ((class_name === '__tensor__' || class_name === '__numpy__') && isObject(config))
    return plainValue(config['value']);
  if (class_name === '__tuple__') return plainValue(items);
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'shared_object_id')
      .map(([key, inner]) => [key, plainValue(inner)]),
  );
}
