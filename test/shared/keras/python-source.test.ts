import { describe, expect, test } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import { pythonSource } from '../../../shared/keras/python-source.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { readGolden } from '../../support/goldens.ts';
import { seedModels } from '../../support/seed.ts';

const golden = (name: string) => fromKerasConfig(readGolden(`summaries/${name}.model`));

// What these programs build has been compared with Keras itself: the same summaries, and weights that fit.
describe('Python source', () => {
  test('of nested models is a function for each, with settings that are not at their defaults', () => {
    const lines = pythonSource(seedModels, 'autoencoder').split('\n');
    expect(lines.filter((line) => line.startsWith('def '))).toEqual([
      'def build_encoder():',
      'def build_decoder():',
      'def build_autoencoder():',
    ]);
    expect(lines).toContain(
      '    conv2d = layers.Conv2D(filters=16, kernel_size=3, activation="relu", name="conv2d")(original_img)',
    );
    expect(lines).toContain('    decoder_output = decoder(encoder_output)');
    expect(lines).toContain('    model = keras.Model(img, decoder_output, name="autoencoder")');
  });

  test('of a layer that two models hold makes it once and passes it to both', () => {
    const text = pythonSource(golden('c-sharing'), 'sharing');
    expect(text).toContain('def build_one(shared):');
    expect(text).toContain('def build_two(shared):');
    expect(text.match(/layers\.Dense\([^)]*name="shared"\)/g)).toHaveLength(1);
    expect(text).toContain('one = build_one(shared_layer)');
    expect(text).toContain('two = build_two(shared_layer)');
  });

  test('of a model that is called twice calls one object twice', () => {
    const text = pythonSource(golden('b-siamese'), 'siamese');
    expect(text.match(/build_branch\(\)/g)).toHaveLength(2); // its definition and its use
    expect(text).toContain('branch_output_2 = branch(right)');
  });

  test('says frozen models, and escapes what names hold', () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([2], { name: 'class' });
      return [model(x, layers.dense(1, { name: 'print("x")\n' })(x), { name: 'a b' })];
    });
    const frozen = {
      ...spec,
      layers: {
        ...spec.layers,
        'a b': {
          ...spec.layers['a b']!,
          config: { ...spec.layers['a b']!.config, trainable: false },
        },
      },
    };
    const text = pythonSource(frozen, 'a b');
    expect(text).toContain('def build_a_b():');
    expect(text).toContain('class_2 = keras.Input(shape=(2,), name="class")');
    expect(text).toContain('name="print(\\"x\\")\\n"');
    expect(text).toContain('model.trainable = False');
  });

  test('takes no code from a setting', () => {
    const made = compose(({ input, layers, model }) => {
      const x = input([2]);
      return [model(x, layers.dense(1)(x), { name: 'm' })];
    });
    const spec = JSON.parse(
      JSON.stringify(made).replace(
        '"units":1',
        '"units":1,"kernel_initializer":{"class_name":"Zeros(); exit","config":{}}',
      ),
    ) as ModelSpec;
    expect(() => pythonSource(spec, 'm')).toThrow(/Zeros\(\); exit/);
  });
});
