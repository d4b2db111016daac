import { isObject } from './keras-json-calls.ts';
import { catalogue } from './layers/catalogue.ts';
import { SpecError } from './spec.ts';

/** A layer as Keras writes it. */
type KerasLayer = Readonly<Record<string, unknown>>;

/**
 * A wrapper's configuration apart from the layers inside it, by role; other layers wrap nothing. The two directions of
 * a Bidirectional are named and turned as Keras does. Throws a SpecError at `path` for what is no layer.
 */
export function unwrap(className: string, config: KerasLayer, path: string) {
  const roles = catalogue.get(className)?.wraps ?? [];
  const own = Object.fromEntries(Object.entries(config).filter(([key]) => !roles.includes(key)));
  const inner: Record<string, KerasLayer> = {};
  for (const role of roles) {
    const layer = config[role];
    if (layer == null && role === 'backward_layer') continue;
    if (!isObject(layer) || !isObject(layer['config']))
      throw new SpecError(path, `${className} needs {"class_name", "config"} in "${role}"`);
    inner[role] = layer;
  }
  if (className !== 'Bidirectional') return { own, inner };
  const { layer, backward_layer } = inner;
  return { own, inner: bothDirections(layer!, backward_layer) };
}

/**
 * The two layers of a Bidirectional: a copy of the layer called `forward_…`, and the backward layer given or a copy
 * with the other direction called `backward_…`. Source: keras.src.layers.rnn.bidirectional.
 */
export function bothDirections(layer: KerasLayer, backward?: KerasLayer) {
  const config = layer['config'] as Record<string, unknown>;
  const name = String(config['name'] ?? '');
  const named = (prefix: string, more = {}) => ({
    ...layer,
    config: {
      ...config,
      ...more,
      name: `${prefix}${name.startsWith(prefix) ? name.slice(prefix.length) : name}`,
    },
  });
  return {
    layer: named('forward_'),
    backward_layer: backward ?? named('backward_', { go_backwards: true }),
  };
}
