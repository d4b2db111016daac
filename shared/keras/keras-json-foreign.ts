import type { DType, Dim } from '../program/tensor.ts';
import { isObject, tensorsIn, type SavedCall } from './keras-json-calls.ts';
import { catalogue, readLayer } from './layers/catalogue.ts';
import { SpecError, type ForeignLayer, type JsonObject, type LayerSpec } from './spec.ts';

/**
 * A layer of a file: itself where it is known here, else a placeholder with the file's own configuration. A class that
 * is known with a setting that can't be is no placeholder: building the model names it.
 */
export function knownOrForeign(spec: LayerSpec, saved: Record<string, unknown>): LayerSpec {
  if (spec.class_name === 'InputLayer') return spec;
  if (!isCustom(saved) && catalogue.has(spec.class_name)) {
    try {
      readLayer(spec, spec.config.name);
      return spec;
    } catch (error) {
      if (!(error instanceof SpecError)) throw error;
      if (!isBeyond(saved['config'])) return spec;
    }
  }
  const { class_name } = spec;
  const beside = ['module', 'registered_name', 'build_config']
    .filter((key) => saved[key] !== undefined)
    .map((key) => [key, saved[key]]);
  const config = { ...(saved['config'] as JsonObject), name: spec.config.name };
  return { class_name, config, foreign: { object: Object.fromEntries(beside) as JsonObject } };
}

/** Whether a module of Keras holds operations, such as what becomes of `x * 2`. */
export const isOperation = (module: unknown) =>
  typeof module === 'string' && module.startsWith('keras.src.ops');

/** Whether Keras could build what is not built here: other layouts, states that are kept, objects of one's own. */
function isBeyond(config: unknown): boolean {
  if (Array.isArray(config)) return config.some(isBeyond);
  if (!isObject(config)) return false;
  const { stateful, data_format, registered_name, module } = config;
  if (stateful === true || data_format === 'channels_first') return true;
  if (typeof registered_name === 'string' && isCustom({ registered_name, module })) return true;
  return Object.values(config).some(isBeyond);
}

/** Whether the class is another than Keras's layer of that name: found elsewhere, or an operation. */
function isCustom({ class_name, module, registered_name }: Record<string, unknown>): boolean {
  if (isOperation(module)) return catalogue.get(String(class_name))?.operation === undefined;
  return (
    typeof registered_name === 'string' &&
    registered_name.includes('>') &&
    !(typeof module === 'string' && /^(tf_)?keras(\.|$)/.test(module))
  );
}

/** The outputs of placeholders by the layers' names in the file, as the calls that take them tell. */
export function foreignOutputs(calls: readonly SavedCall[]): Map<string, ForeignLayer['outputs']> {
  const outputs = new Map<string, { shape: Dim[]; dtype: DType }[]>();
  for (const { history, shape, dtype } of tensorsIn(
    calls.map(({ args, kwargs }) => [args, kwargs]),
  )) {
    const [layer, , tensor] = history;
    const type = tensorType(shape, dtype);
    const known = outputs.get(layer) ?? [];
    if (type && tensor < 1000) known[tensor] ??= type;
    outputs.set(layer, known);
  }
  for (const [layer, types] of outputs)
    if (Array.from(types).includes(undefined as never)) outputs.delete(layer);
  return outputs;
}

/** A shape and a type as Keras writes them; null for anything else. */
function tensorType(shape: unknown, dtype: unknown): { shape: Dim[]; dtype: DType } | null {
  const isDim = (dim: unknown) =>
    dim === null || (Number.isSafeInteger(dim) && (dim as number) >= 0);
  if (!Array.isArray(shape) || !shape.every(isDim)) return null;
  const kinds = { bool: 'bool', int: 'int32', uint: 'int32' } as const;
  const kind = typeof dtype === 'string' ? /^(bool|int|uint)/.exec(dtype)?.[1] : undefined;
  return { shape: shape as Dim[], dtype: kind ? kinds[kind as keyof typeof kinds] : 'float32' };
}

/** The shape that a layer was built for, by the `build_config` of Keras's JSON; null where there is none. */
export function builtFor(saved: unknown): ForeignLayer['outputs'] | null {
  const build = isObject(saved) && isObject(saved['build_config']) ? saved['build_config'] : {};
  const type = tensorType(build['input_shape'], 'float32');
  return type && [type];
}
