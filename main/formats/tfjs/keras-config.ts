import type { Json, JsonObject } from '../../../shared/keras/spec.ts';
import { activations, rules } from './rules.ts';

/** Keras's names of tfjs's activations. */
const names = new Map(Object.entries(activations).map(([keras, tfjs]) => [tfjs, keras]));
names.set('hardSigmoid', 'hard_sigmoid').set('swish', 'silu');

/** What tfjs means where its files don't say, or say null. */
const meant: Readonly<Record<string, JsonObject>> = {
  GRU: { reset_after: false },
  LSTM: { unit_forget_bias: false },
  LeakyReLU: { negative_slope: 0.3 },
};

/**
 * The JSON of a model as tfjs-layers or its converter from Python writes it, in Keras's words: keys, activations and
 * initializers that have other names there.
 */
export function fromTfjsConfig(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(fromTfjsConfig);
  if (typeof json !== 'object' || json === null) return json;
  const { class_name, config, ...beside } = json as Record<string, Json>;
  const entries = Object.entries(beside).map(([key, value]) => [key, fromTfjsConfig(value)]);
  const rest = Object.fromEntries(entries) as JsonObject;
  if (typeof class_name !== 'string' || typeof config !== 'object' || config === null)
    return {
      ...rest,
      ...(class_name !== undefined && { class_name }),
      ...(config !== undefined && { config }),
    };
  return { ...rest, class_name, config: layerConfig(class_name, config as JsonObject) };
}

function layerConfig(className: string, config: JsonObject): JsonObject {
  const renamed = new Map(
    (rules[className]?.keys ?? []).map((key) =>
      typeof key === 'string' ? [key, key] : [key[1], key[0]],
    ),
  );
  const unsaid = meant[className] ?? {};
  const entries = Object.entries(config)
    .map(([key, value]) => [renamed.get(key) ?? key, inWords(key, value)] as const)
    .filter(([key, value]) => value !== null || !Object.hasOwn(unsaid, key));
  return { ...unsaid, ...Object.fromEntries(entries) } as JsonObject;
}

function inWords(key: string, value: Json): unknown {
  if (typeof value !== 'string') return fromTfjsConfig(value);
  if (/activation$/.test(key)) return names.get(value) ?? value;
  if (key === 'data_format') return value.replace(/^channels(First|Last)$/, snake);
  if (key === 'mode') return value.replace(/^fan(In|Out|Avg)$/, snake);
  return key === 'distribution' && value === 'normal' ? 'truncated_normal' : value;
}

/** `channelsLast` as Keras writes it. */
function snake(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
