import { copyFile, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { zipSync } from 'fflate';
import { expect, test } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import type { SourceValue } from '../../../../main/data/source.ts';
import { digits, recognised, samplesOf, temporaryFolders } from './make.ts';

const folder = temporaryFolders();
const { images, labels } = await digits(10);

/** Files that NumPy 1.21 wrote. */
const golden = (name: string) => join(import.meta.dirname, '../../../goldens/data/numpy', name);

/** A .npy file: version 1, header padded as NumPy does. */
function npy(shape: readonly number[], data: Uint8Array, descr = '|u1', order = 'False'): Buffer {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': ${tuple}, }`;
  const header = dict.padEnd(Math.ceil((dict.length + 11) / 64) * 64 - 11, ' ') + '\n';
  const start = Buffer.from('\x93NUMPY\x01\0\0\0', 'latin1');
  start.writeUInt16LE(header.length, 8);
  return Buffer.concat([start, Buffer.from(header, 'latin1'), data]);
}

function raw(value: SourceValue | null | undefined): ArrayLike<number> {
  if (value?.kind !== 'raw') throw new Error(`expected numbers; got ${value?.kind}`);
  return value.data;
}

async function imagesOf(name: string, split = 'all', column = 'image') {
  const samples = await samplesOf(await recognise(golden(name)), split);
  return samples.map(({ values }) => Array.from(raw(values[column])));
}

test.each(['keras.npz', 'plain.npz'])(
  "Keras's archive, %s: arrays paired by their names",
  async (name) => {
    expect(await recognised(golden(name))).toEqual({
      kind: 'numpy',
      columns: { image: [9, 8, 1], label: '0 1 2' },
      splits: { train: 7, test: 3 },
      problems: [],
    });
    const source = await recognise(golden(name));
    const train = await samplesOf(source, 'train');
    expect(train.map(({ values }) => values['label'])).toEqual(
      [0, 1, 2, 0, 1, 2, 0].map((index) => ({ kind: 'class', index })),
    );
    expect(train[2]!.name).toBe(`${name}:x_train[2]`);
    expect(await samplesOf(source, 'train', 5)).toEqual(train.slice(5));
    expect(await imagesOf(name, 'test')).toEqual(
      (await imagesOf('keras.npz', 'train')).slice(0, 3),
    );
  },
);

test('arrays by columns are those by rows; one-hot labels are classes', async () => {
  expect(await recognised(golden('fortran.npz'))).toEqual({
    kind: 'numpy',
    columns: { image: [9, 8, 1], label: '0 1 2' },
    splits: { all: 7 },
    problems: [],
  });
  expect(await imagesOf('fortran.npz')).toEqual(await imagesOf('keras.npz', 'train'));
  expect(await recognised(golden('fortran.npy'))).toMatchObject({
    columns: { image: [8, 9, 3] },
    splits: { all: 7 },
  });
  expect(await imagesOf('fortran.npy')).toEqual(await imagesOf('rows.npy'));
  const source = await recognise(golden('fortran.npy'));
  expect(await samplesOf(source, 'all', 4)).toEqual((await samplesOf(source, 'all')).slice(4));
});

test.each(['v1.npy', 'v2.npy', 'v3.npy'])('%s: every version of the format', async (name) => {
  expect(await imagesOf(name)).toEqual(await imagesOf('keras.npz', 'train'));
});

test('halves, and doubles with the other end first', async () => {
  const halves = await imagesOf('half.npy', 'all', 'features');
  expect(halves.flat()[0]).toBe(-2);
  expect(halves.flat()[11]).toBe(3);
  expect(halves.flat()[4]).toBeCloseTo(-2 + (4 * 5) / 11, 2);
  expect((await imagesOf('big.npy', 'all', 'features')).flat()).toEqual([...Array(12).keys()]);
});

test('classes by text, and names of classes in an array of their own', async () => {
  expect(await recognised(golden('text.npz'))).toMatchObject({ columns: { label: 'cat dog ox' } });
  expect(await recognised(golden('names.npz'))).toEqual({
    kind: 'numpy',
    columns: { image: [9, 8, 1], label: 'a bü c猫' },
    splits: { all: 7 },
    problems: ['ignored names.npz:mean'],
  });
});

test('a folder of .npy files, channels first, and several inputs', async () => {
  const pixels = Buffer.concat(images);
  const path = await folder({
    'x_train.npy': npy([10, 1, 28, 28], pixels),
    'y_train.npy': npy([10, 1], Uint8Array.from(labels)),
    'X_test.npy': npy([5, 1, 28, 28], pixels.subarray(0, 5 * 784)),
    'y_test.npy': npy([5, 1], Uint8Array.from(labels.slice(0, 5))),
  });
  expect(await recognised(path)).toMatchObject({
    columns: { image: [28, 28, 1] },
    splits: { train: 10, test: 5 },
  });
  const both = await folder({
    'noisy.npy': npy([10, 28, 28], pixels),
    'clean.npy': npy([10, 28, 28], pixels),
    'age.npy': npy([10], Buffer.from(new Float32Array(10).fill(0.5).buffer), '<f4'),
  });
  expect((await recognised(both)).columns).toEqual({
    age: [1],
    clean: [28, 28, 1],
    noisy: [28, 28, 1],
  });
  const planes = await folder({
    'a.npy': npy(
      [1, 3, 9, 8],
      Uint8Array.from({ length: 216 }, (_, i) => i),
    ),
  });
  const [sample] = await samplesOf(await recognise(planes), 'all');
  expect(sample!.values['image']).toMatchObject({ shape: [9, 8, 3] });
  expect(Array.from(raw(sample!.values['image'])).slice(0, 4)).toEqual([0, 72, 144, 1]);
});

test('what arrays mean can be corrected', async () => {
  const path = await folder({
    'd.npz': zipSync({
      'x.npy': npy([10, 784], Buffer.concat(images)),
      'y.npy': npy([10], Uint8Array.from(labels)),
    }),
  });
  expect((await recognised(path)).columns).toMatchObject({ image: [28, 28, 1] });
  expect((await recognised(path, { columns: { x: 'numbers', y: 'numbers' } })).columns).toEqual({
    features: [784],
    target: [1],
  });
  expect((await recognised(path, { imageShape: [14, 14, 4] })).columns).toMatchObject({
    image: [14, 14, 4],
  });
});

test("what savez wrote without a name is known by its file, as Kuzushiji-MNIST's is", async () => {
  const path = await folder({
    'kmnist-train-imgs.npz': zipSync({ 'arr_0.npy': npy([10, 28, 28], Buffer.concat(images)) }),
    'kmnist-train-labels.npz': zipSync({ 'arr_0.npy': npy([10], Uint8Array.from(labels)) }),
  });
  expect(await recognised(path)).toMatchObject({
    columns: { image: [28, 28, 1] },
    splits: { train: 10 },
  });
});

const x = npy([10, 28, 28], Buffer.concat(images));
test.each<[string, Record<string, Uint8Array>, RegExp]>([
  [
    'ends early',
    { 'x.npy': x.subarray(0, 5000) },
    /promises \(10, 28, 28\) elements of type u1 .*the file has/,
  ],
  ['promises 2^50 samples', { 'x.npy': npy([2 ** 50, 28, 28], x) }, /more than can be/],
  ['promises 2^31 samples', { 'x.npy': npy([2 ** 31, 28], x) }, /promises \(2147483648, 28\)/],
  [
    'promises it in an archive',
    { 'x.npz': zipSync({ 'x.npy': npy([2 ** 31, 28], x) }) },
    /promises \(2147483648, 28\)/,
  ],
  [
    'has a header of nonsense',
    { 'x.npy': npy([3], x, 'nonsense!') },
    /got elements of type nonsense!/,
  ],
  ['is no NumPy file', { 'x.npy': Buffer.from('hello hello hello') }, /begins with \\x93NUMPY/],
  [
    'is no archive',
    { 'x.npz': Buffer.from('hello hello hello') },
    /x\.npz: .*end of central directory/i,
  ],
  [
    'is an archive that ends early',
    { 'x.npz': zipSync({ 'x.npy': x }).subarray(0, 800) },
    /x\.npz: /,
  ],
  [
    'has names that lead out',
    { 'x.npz': zipSync({ '../../evil/x.npy': x }) },
    /invalid relative path: \.\.\/\.\.\/evil/,
  ],
  ['has a name from the root', { 'x.npz': zipSync({ '/etc/x.npy': x }) }, /absolute path: \/etc/],
  [
    'has arrays of other lengths',
    { 'x.npz': zipSync({ 'x.npy': x, 'y.npy': npy([9], new Uint8Array(9)) }) },
    /x\.npz:x holds 10 samples, x\.npz:y 9/,
  ],
])('an array that %s is refused by name', async (_, files, message) => {
  const path = await folder(files);
  await expect(recognise(path)).rejects.toThrow(message);
  await expect(recognise(path)).rejects.toMatchObject({ code: 'BAD_DATA' });
});

test.each([
  ['objects.npy', /holds Python objects, which are not read/],
  ['complex.npy', /got elements of type <c8/],
])('%s is refused', async (name, message) => {
  const path = await folder();
  await copyFile(golden(name), join(path, basename(name)));
  await expect(recognise(path)).rejects.toThrow(message);
});

test('an archive whose content is not what it says fails while it is read', async () => {
  const archive = Buffer.from(await readFile(golden('keras.npz')));
  archive.fill(0x55, 200, 700);
  const path = await folder({ 'x.npz': archive });
  await expect(recognise(path).then((source) => samplesOf(source, 'train'))).rejects.toThrow(
    /x\.npz/,
  );
});

test('an array that can not be read is listed beside those that can', async () => {
  const good = await readFile(golden('v1.npy'));
  const path = await folder({ 'x.npy': good, 'notes.npy': good.subarray(0, 40) });
  expect(await recognised(path)).toMatchObject({
    problems: expect.arrayContaining(['unreadable notes.npy']) as string[],
  });
});
