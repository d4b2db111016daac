import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { openTrainingData } from '../../../main/data/training-data.ts';
import { callChain } from '../../../shared/data/chain.ts';
import type { ModelPorts } from '../../../shared/data/ports.ts';
import {
  inputPreprocessing,
  outputClasses,
  outputPostprocessing,
} from '../../../shared/data/preprocessing-layers.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { tensor, type TensorData } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { interpret } from '../../reference/interpret.ts';
import { temporaryFolders } from './sources/make.ts';

const folder = temporaryFolders();

/** What layers make of a tensor. */
function through(layers: Parameters<typeof callChain>[2], x: TensorData) {
  const ops = createOps();
  const feed = ops.feed('x', [null, ...x.shape.slice(1)]);
  const program = ops.program({ y: callChain(ops, feed, layers, { path: 'pre' }) });
  return interpret(program, {}, { x }).outputs['y']!;
}

function close(actual: ArrayLike<number>, expected: ArrayLike<number>) {
  expect(actual.length).toBe(expected.length);
  for (let i = 0; i < actual.length; i++) expect(actual[i]).toBeCloseTo(expected[i]!, 4);
}

const open = (ports: ModelPorts, data: string, settings: object) =>
  openTrainingData(ports, trainingSettings.parse({ model: 'none', data, ...settings }));

/** The one sample of a tensor. */
const sample = (data: ArrayLike<number>, shape: readonly number[]) =>
  tensor(Float32Array.from(data), [1, ...shape]);

test.each([
  ['unit', undefined, [null, 6, 5, 3]],
  ['signed', undefined, [null, 6, 5, 3]],
  ['none', undefined, [null, 6, 5, 3]],
  ['unit', 'standard', [null, 6, 5, 3]],
  ['signed', 'standard', [null, 90]],
] as const)(
  'layers make of raw pixels what training read: %s, %s, %s',
  async (scale, normalize, shape) => {
    const files: Record<string, Uint8Array> = {};
    const pixels = [0, 1, 2, 3].map((i) =>
      Uint8Array.from(createRandom(i, 'pixels').uniform(90, 20 * i, 255)),
    );
    for (const [i, data] of pixels.entries())
      files[`set/${i}.png`] = await sharp(data, { raw: { width: 5, height: 6, channels: 3 } })
        .png()
        .toBuffer();
    const ports: ModelPorts = {
      inputs: [{ name: 'x', shape, dtype: 'float32' }],
      outputs: [{ name: 'y', index: 0, shape, sparse: false }],
    };
    const data = await open(ports, join(await folder(files), 'set'), {
      preprocessing: { image: { scale, size: [6, 5], ...(normalize && { normalize }) } },
      split: { by: 'ratio', validation: 0.25 },
    });
    const names = await data.training.batch([0], ['image']);
    const { layers, image, notes, ...rest } = inputPreprocessing(data.about, 'x', shape)!;
    expect(rest).toEqual({ columns: ['image'], shape: [6, 5, 3], dtype: 'uint8' });
    expect(image).toMatchObject({ size: [6, 5], color: 'rgb' });
    expect(notes.join()).toContain('stretched to 6 x 5 px');
    const read = [...names['image']!.data];
    const made = pixels.map((data) => Array.from(through(layers, sample(data, [6, 5, 3])).data));
    const errors = made.map((values) => Math.max(...values.map((v, i) => Math.abs(v - read[i]!))));
    const found = errors.indexOf(Math.min(...errors));
    expect(errors[found]).toBeLessThan(1e-4);
    // And back again.
    const back = outputPostprocessing(data.about, 'y', shape);
    close(through(back, sample(read, shape.slice(1) as number[])).data, pixels[found]!);
    await data.close();
  },
);

test('numbers are normalised by column, one by one and stacked; a class has its names', async () => {
  const rows = Array.from(
    { length: 12 },
    (_, i) => `${i * 3},${100 - i * i},${i % 2 ? 'yes' : 'no'}`,
  );
  const path = await folder({ 't.csv': ['a,b,answer', ...rows].join('\n') });
  const ports: ModelPorts = {
    inputs: [{ name: 'x', shape: [null, 2], dtype: 'float32' }],
    outputs: [{ name: 'head', index: 0, shape: [null, 2], sparse: true }],
  };
  const data = await open(ports, join(path, 't.csv'), {
    task: 'classify',
    recognise: { columns: { a: 'numbers', b: 'numbers', answer: 'class' } },
    columns: { inputs: { x: ['b', 'a'] }, outputs: {} },
    preprocessing: { '*': { normalize: 'standard' } },
  });
  const batch = await data.training.batch([0, 1, 2]);
  const { layers, image } = inputPreprocessing(data.about, 'x', [null, 2])!;
  expect(image).toBeNull();
  const { mean, std } = data.about.preprocessing['a']!.normalize!;
  for (let row = 0; row < 3; row++) {
    const [a, b] = ['a', 'b'].map((name) => batch[name]!.data[row]!);
    const file = Math.round((a! * std[0]! + mean[0]!) / 3);
    const out = through(layers, sample([100 - file * file, file * 3], [2])).data;
    close(out, [b!, a!]);
  }
  expect(outputClasses(data.about, 'head')).toEqual(['no', 'yes']);
  expect(outputClasses(data.about, 'x')).toBeNull();
  expect(inputPreprocessing(data.about, 'other', [null, 2])).toBeNull();
  await data.close();
});

test('numbers of several axes are normalised along the last', async () => {
  const rows = Array.from({ length: 8 }, (_, i) => [i, 10 * i, i + 1, 10 * i + 5]);
  const header =
    `{'descr': '<f4', 'fortran_order': False, 'shape': (8, 2, 2), }`.padEnd(117) + '\n';
  const head = Buffer.concat([
    Buffer.from('\x93NUMPY\x01\x00', 'latin1'),
    Buffer.from([header.length, 0]),
    Buffer.from(header),
  ]);
  const path = await folder({
    'x.npy': Buffer.concat([head, Buffer.from(Float32Array.from(rows.flat()).buffer)]),
  });
  const ports: ModelPorts = {
    inputs: [{ name: 'x', shape: [null, 2, 2], dtype: 'float32' }],
    outputs: [{ name: 'y', index: 0, shape: [null, 2, 2], sparse: false }],
  };
  const data = await open(ports, join(path, 'x.npy'), {
    recognise: { columns: { x: 'numbers' } },
    preprocessing: { features: { normalize: 'standard' } },
  });
  const read = (await data.training.batch([0, 1]))['features']!;
  const { layers } = inputPreprocessing(data.about, 'x', [null, 2, 2])!;
  const { mean, std } = data.about.preprocessing['features']!.normalize!;
  const raw = Array.from(
    read.data.subarray(0, 4),
    (value, i) => value * std[i % 2]! + mean[i % 2]!,
  );
  expect(rows.some((row) => row.every((value, i) => Math.abs(value - raw[i]!) < 1e-3))).toBe(true);
  close(through(layers, sample(raw, [2, 2])).data, read.data.subarray(0, 4));
  close(
    through(
      outputPostprocessing(data.about, 'y', [null, 2, 2]),
      sample(read.data.subarray(0, 4), [2, 2]),
    ).data,
    raw,
  );
  await data.close();
});
