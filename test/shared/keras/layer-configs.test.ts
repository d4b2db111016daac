import { describe, expect, it } from 'vitest';
import { fromKerasLayer } from '../../../shared/keras/keras-json.ts';
import { catalogue, readLayer } from '../../../shared/keras/layers/catalogue.ts';
import { layerOf, type JsonObject } from '../../../shared/keras/spec.ts';
import { readGolden } from '../../support/goldens.ts';

interface SavedLayer {
  /** As Keras writes a layer that is made with what it requires. */
  readonly saved: { readonly class_name: string; readonly config: JsonObject };
  /** The plain defaults of its constructor. */
  readonly defaults: JsonObject;
}

const layers = readGolden<Record<string, SavedLayer>>('more/layer-configs');

/** Settings that change nothing here: of hardware, and of what is switched off. */
const IDLE = new Set(['use_cudnn', 'renorm_momentum']);

function settings(class_name: string, config: JsonObject): JsonObject {
  const spec = fromKerasLayer({ class_name, config });
  const read = readLayer(layerOf(spec, spec.models[0]!), class_name).config as JsonObject;
  const told = Object.entries(read).filter(
    ([key, value]) =>
      value != null && value !== 0 && !key.endsWith('initializer') && !IDLE.has(key),
  );
  return Object.fromEntries(told);
}

it('has a case for every class', () => {
  const classes = [...catalogue.values()].filter(({ operation }) => operation === undefined);
  expect(Object.keys(layers).sort()).toEqual(classes.map(({ className }) => className).sort());
});

describe.each(Object.entries(layers))('%s', (class_name, { saved, defaults }) => {
  it('takes what Keras saves', () => {
    expect(() => settings(class_name, saved.config)).not.toThrow();
  });

  it("has Keras's defaults", () => {
    const required = Object.entries(saved.config).filter(([key]) => !Object.hasOwn(defaults, key));
    const explicit = { ...Object.fromEntries(required), ...defaults };
    expect(settings(class_name, Object.fromEntries(required))).toEqual(
      settings(class_name, explicit),
    );
  });
});
