import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openTrainingData } from '../../../main/data/training-data.ts';
import type { ModelPorts } from '../../../shared/data/ports.ts';
import { leftOutInWords } from '../../../shared/data/run-data.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { digits, temporaryFolders } from './sources/make.ts';

const folder = temporaryFolders();
const raw = { width: 28, height: 28, channels: 1 } as const;
const { images, labels } = await digits(40);

const classifier: ModelPorts = {
  inputs: [{ name: 'image', shape: [null, 28, 28, 1], dtype: 'float32' }],
  outputs: [{ name: 'head', index: 0, shape: [null, 10], sparse: true }],
};
const autoencoder: ModelPorts = {
  inputs: classifier.inputs,
  outputs: [{ name: 'decoder', index: 0, shape: [null, 28, 28, 1], sparse: false }],
};

const open = (ports: ModelPorts, data: string, settings: object) =>
  openTrainingData(ports, trainingSettings.parse({ model: 'none', data, ...settings }));

/** Opens data, closes them, and tells what would be trained on. */
async function opened(ports: ModelPorts, data: string, settings: object) {
  const { about, training, validation, close } = await open(ports, data, settings);
  const classes = Object.keys(training.elements).includes('label')
    ? [
        ...(
          await training.batch(
            Array.from({ length: training.size }, (_, i) => i),
            ['label'],
          )
        )['label']!.data,
      ]
    : [];
  await close();
  return { about, used: training.size + validation.size, classes };
}

/** Digits named by a table; every fourth has no label. */
async function table(): Promise<string> {
  const files: Record<string, string | Uint8Array> = {};
  const rows = ['file,label'];
  for (const [i, image] of images.entries()) {
    files[`images/${i}.png`] = await sharp(image, { raw }).png().toBuffer();
    rows.push(`images/${i}.png,${i % 4 === 3 ? ['', ' ', 'NaN'][i % 3] : labels[i]}`);
  }
  return folder({ ...files, 'labels.csv': rows.join('\n') });
}

test('samples without a label train what needs none, and are left out by number where one is needed', async () => {
  const path = await table();
  const restored = await opened(autoencoder, path, { task: 'reconstruct' });
  expect(restored.used).toBe(40);
  expect(restored.about.leftOut).toBeUndefined();
  const judged = await opened(classifier, path, {
    task: 'classify',
    split: { by: 'ratio', stratify: false },
  });
  expect(judged.used).toBe(30);
  expect(judged.classes.every((label) => label >= 0)).toBe(true);
  expect(judged.about).toMatchObject({ samples: 40, leftOut: { samples: 10, columns: ['label'] } });
  expect(leftOutInWords(judged.about.leftOut!)).toBe(
    '10 samples without label are left out: the model needs it',
  );
  // Both are the same data.
  expect(judged.about.hash).toBe(restored.about.hash);
});

test('images beside the folders of classes are trained on where no class is needed', async () => {
  const files: Record<string, Uint8Array> = {};
  for (const [i, image] of images.entries())
    files[`set/${i < 12 ? '' : `${i % 2 ? 'odd' : 'even'}/`}${i}.png`] = await sharp(image, { raw })
      .png()
      .toBuffer();
  const path = join(await folder(files), 'set');
  expect((await opened(autoencoder, path, { task: 'reconstruct' })).used).toBe(40);
  const judged = await opened(classifier, path, { task: 'classify' });
  expect([judged.used, judged.about.leftOut?.samples]).toEqual([28, 12]);
});

test('numbers that miss matter where they are tied', async () => {
  const rows = Array.from({ length: 20 }, (_, i) => `${i},${i % 5 === 0 ? '' : i * 2},${i * 3}`);
  const path = await folder({ 't.csv': ['a,b,c', ...rows].join('\n') });
  const ports: ModelPorts = {
    inputs: [{ name: 'x', shape: [null, 1], dtype: 'float32' }],
    outputs: [{ name: 'y', index: 0, shape: [null, 1], sparse: false }],
  };
  const settings = (x: string) => ({
    task: 'regress',
    recognise: { columns: { a: 'numbers', b: 'numbers', c: 'numbers' } },
    columns: { inputs: { x }, outputs: { y: 'c' } },
    preprocessing: { '*': { normalize: 'standard' } },
  });
  expect((await opened(ports, join(path, 't.csv'), settings('a'))).used).toBe(20);
  const { used, about } = await opened(ports, join(path, 't.csv'), settings('b'));
  expect([used, about.leftOut]).toEqual([16, { samples: 4, columns: ['b'] }]);
  expect(about.preprocessing['b']!.normalize!.mean[0]).toBeGreaterThan(0);
  const none = await folder({ 't.csv': ['a,b', ...rows.map((_, i) => `${i % 7},`)].join('\n') });
  await expect(
    opened(ports, join(none, 't.csv'), {
      task: 'regress',
      recognise: { columns: { a: 'numbers', b: 'numbers' } },
      columns: { inputs: { x: 'a' }, outputs: { y: 'b' } },
    }),
  ).rejects.toThrow(/no sample of t\.csv has b|no column/);
});

test('a class of one sample stops nobody who learns no classes', async () => {
  const files: Record<string, Uint8Array> = {};
  for (const i of [0, 1, 2, 3, 4, 5])
    files[`set/${i < 5 ? 'many' : 'one'}/${i}.png`] = await sharp(images[i]!, { raw })
      .png()
      .toBuffer();
  const path = join(await folder(files), 'set');
  expect((await opened(autoencoder, path, { task: 'reconstruct' })).used).toBe(6);
  await expect(opened(classifier, path, { task: 'classify' })).rejects.toThrow(
    /class one of set has 1 sample/,
  );
});
