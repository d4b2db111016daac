import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { TrainingFacts } from '../../../main/formats/exporter.ts';
import { exportModel, planExport } from '../../../main/formats/exporters.ts';
import { usualExport } from '../../../shared/api/exports.ts';
import { compose } from '../../../shared/keras/compose.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { noisyVariables } from './samples.ts';

const folder = await mkdtemp(join(tmpdir(), 'card-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const spec = compose(({ input, layers, model }) => {
  const x = input([8, 8, 1], { name: 'x' });
  const tower = model(x, layers.dense(3)(layers.flatten()(x)), { name: 'tower' });
  const [a, b] = [input([8, 8, 1], { name: 'left image' }), input([8, 8, 1], { name: 'right' })];
  const joined = layers.concatenate()([tower(a), tower(b)]);
  const same = layers.dense(2, { name: 'same', activation: 'softmax' })(joined);
  const inner = model(a, tower(a), { name: 'inner' });
  return model([a, b], [same, inner(b)], { name: 'twins' });
});

const training: TrainingFacts = {
  settings: trainingSettings.parse({
    model: 'twins',
    data: 'pairs',
    loss: ['categorical_crossentropy', null],
    optimizer: { class_name: 'SGD', config: { momentum: 0.9 } },
    batch_size: 16,
    epochs: 20,
    seed: 7,
  }),
  data: {
    name: 'pairs | of <things>',
    hash: 'abc123',
    samples: 12_345,
    task: 'classify',
    split: '90 % to train, 10 % to validate',
    preprocessing: {
      photo: {
        kind: 'image',
        size: [8, 8],
        fit: 'crop',
        interpolation: 'bicubic',
        color: 'grey',
        background: 0,
        dtype: 'uint8',
        scale: 'signed',
        normalize: null,
      },
    },
    ties: [
      { role: 'input', port: 'right', columns: ['photo'], as: 'values', noisy: false, why: 'name' },
    ],
  },
  classes: ['other', 'same_one'],
  epochs: 12,
  steps: 3400,
  metrics: { loss: 0.25, val_accuracy: 0.875 },
  engine: 'onnx (cpu) on CPU, 2 threads',
};

async function card(path: string, facts?: TrainingFacts): Promise<string> {
  const file = join(folder, 'my model.md');
  const source = { spec, path, ...(facts && { training: facts }) };
  const written = await exportModel('card', source, noisyVariables(spec), file, usualExport);
  expect(written.verification).toBe(null);
  return readFile(file, 'utf8');
}

describe('a model card', () => {
  test('says what the model is, what it learned from and how, and how to load it', async () => {
    const text = await card('twins', training);
    for (const part of [
      '# twins',
      '| input | `left image` | `(None, 8, 8, 1)` | float32 |',
      '| output | `same` | `(None, 2)` | float32 |',
      'Classes: 0 other, 1 same\\_one.',
      'Total params:',
      '- `twins/tower` and `twins/inner/tower`',
      'pairs \\| of \\<things\\>, 12,345 samples',
      'Hash of their content: `abc123`',
      'images of 8 × 8 px, 1 channel (grey), fit crop, bicubic; kept as uint8, then value × 0.00784314 - 1',
      '- The input `right` takes `photo` (values)',
      '| Optimizer | `{"SGD":{"momentum":0.9}}` |',
      '| Epochs | 12 of 20 |',
      '| Seed | 7 |',
      '| Computed by | onnx (cpu) on CPU, 2 threads |',
      '| `val_accuracy` | 0.875 |',
      'keras.models.load_model("my model.keras")',
      'session.run(None, {"left image": np.zeros((1, 8, 8, 1), np.float32)',
      'tf.loadLayersModel("my model/model.json")',
      'Interpreter("my model.tflite")',
    ])
      expect(text).toContain(part);
    expect(text).not.toContain('<things>');
  });

  test('says what is not known', async () => {
    expect(planExport('card', { spec, path: 'twins/tower' }, usualExport).notes.join()).toMatch(
      /how the model was trained is not known/,
    );
    const text = await card('twins/tower');
    expect(text).toContain('a part of `twins`');
    expect(text).toMatch(/## Data\n\nNot known\./);
    expect(text).toContain('Nothing was measured.');
  });
});
