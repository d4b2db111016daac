import { describe, expect, it } from 'vitest';
import { templateProject } from '../../../main/service/templates.ts';
import { compose } from '../../../shared/keras/compose.ts';
import { graft } from '../../../shared/keras/graft.ts';
import { pathsByLayer, placesOf } from '../../../shared/keras/graph.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { traceModel } from '../../../shared/program/trace.ts';

const { model: autoencoder } = templateProject('autoencoder');
const paths = (spec: ModelSpec) => placesOf(spec).map(({ path }) => path);

/** Another encoder of the same ends, with a batch normalization in it. */
const other = compose(({ input, layers, model }) => {
  const image = input([28, 28, 1], { name: 'image' });
  const x = layers.batchNormalization()(layers.conv2d(8, 3)(image));
  const code = layers.dense(16)(layers.flatten()(x));
  return model(image, code, { name: 'encoder' });
});

describe('a model of one spec in another', () => {
  it('takes the place of a model whose ends it fits, with keys for its weights', () => {
    const { spec, model, keys } = graft(
      autoencoder,
      { as: 'replace', path: 'autoencoder/encoder' },
      other,
      other.models[0]!,
    );
    expect(paths(spec)).toContain('autoencoder/encoder/batch_normalization');
    expect(paths(spec)).not.toContain('autoencoder/encoder/conv2d_3');
    const { outputs, variables } = traceModel(spec, 'autoencoder');
    expect(outputs[0]!.shape).toEqual([null, 28, 28, 1]);
    const own = variables.filter(({ key }) => Object.hasOwn(keys, key));
    expect(own.map(({ key }) => keys[key])).toEqual(
      traceModel(other, other.models[0]!).variables.map(({ key }) => key),
    );
    expect(Object.keys(keys).filter((key) => Object.hasOwn(autoencoder.layers, key))).toEqual([]);
    // The old encoder stood by itself only because the autoencoder is made of it.
    expect(spec.models).toEqual([model, 'decoder', 'autoencoder']);
    expect(spec.layers).not.toHaveProperty('encoder/conv2d');
  });

  it('goes behind a layer, at each of its calls', () => {
    const twice = compose(({ input, layers, model }) => {
      const [a, b] = [input([4]), input([4])];
      const shared = layers.dense(3, { name: 'shared' });
      return model([a, b], layers.add()([shared(a), shared(b)]), { name: 'twice' });
    });
    const small = compose(({ input, layers, model }) => {
      const x = input([3], { name: 'x' });
      return model(x, layers.dense(5)(x), { name: 'shared' });
    });
    const { spec, model } = graft(twice, { as: 'after', path: 'twice/shared' }, small, 'shared');
    expect(traceModel(spec, 'twice').outputs[0]!.shape).toEqual([null, 5]);
    expect(pathsByLayer(spec).get(model)).toEqual(['twice/shared_1']);
    expect(spec.layers['twice']!.graph!.calls.filter(({ layer }) => layer === model)).toHaveLength(
      2,
    );
  });

  it('stands beside others under a name of its own', () => {
    const { spec } = graft(autoencoder, { as: 'beside' }, other, other.models[0]!);
    expect(paths(spec)).toContain('encoder_1/dense');
    expect(spec.models.at(-1)).toBe('autoencoder');
  });

  it('is refused where its ends do not fit', () => {
    const decoder = { as: 'replace', path: 'autoencoder/decoder' } as const;
    expect(() => graft(autoencoder, decoder, other, other.models[0]!)).toThrow(
      /autoencoder\/encoder_?1?: .*28/,
    );
    const input = { as: 'replace', path: 'autoencoder/img' } as const;
    expect(() => graft(autoencoder, input, other, other.models[0]!)).toThrow(/is an input/);
    const root = { as: 'replace', path: 'autoencoder' } as const;
    expect(() => graft(autoencoder, root, other, other.models[0]!)).toThrow(/no other model/);
  });
});
