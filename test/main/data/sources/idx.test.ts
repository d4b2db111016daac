import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import {
  digits,
  idxFile,
  mnistFolder,
  outline,
  recognised,
  samplesOf,
  temporaryFolders,
} from './make.ts';

const folder = temporaryFolders();
const { images, labels } = await digits(20);
const ten = idxFile([10, 28, 28], Buffer.concat(images.slice(0, 10)));
const tenLabels = idxFile([10], Uint8Array.from(labels.slice(0, 10)));
const nextTen = idxFile([10, 28, 28], Buffer.concat(images.slice(10)));
const nextLabels = idxFile([10], Uint8Array.from(labels.slice(10)));

/** Rows and columns exchanged. */
const onItsSide = (image: Uint8Array) =>
  image.map((_, i) => image[(i % 28) * 28 + Math.floor(i / 28)]!);

test("MNIST's own files are paired by their names", async () => {
  const source = await recognise(mnistFolder);
  expect(outline(source)).toEqual({
    kind: 'idx',
    columns: { image: [28, 28, 1], label: '0 1 2 3 4 5 6 7 8 9' },
    splits: { train: 60000, test: 10000 },
    problems: [],
  });
  expect(source.recognised).toMatch(
    /4 IDX files: image .*\(28, 28, 1\), label of 10 classes; 70,000 samples \(train 60,000, test 10,000\)/,
  );
  const [sample] = await samplesOf(source, 'test', 9999 - 9980).then((all) => all.slice(0, 1));
  expect(sample).toMatchObject({
    name: 't10k-images-idx3-ubyte[19]',
    values: {
      image: { kind: 'raw', shape: [28, 28, 1] },
      label: { kind: 'class', index: labels[19] },
    },
  });
  expect(sample!.values['image']).toMatchObject({ data: images[19] });
});

test.each([
  [
    'train-images-idx3-ubyte',
    't10k-images-idx3-ubyte',
    'train-labels-idx1-ubyte',
    't10k-labels-idx1-ubyte',
  ],
  [
    'train-images.idx3-ubyte',
    't10k-images.idx3-ubyte',
    'train-labels.idx1-ubyte',
    't10k-labels.idx1-ubyte',
  ],
  [
    'emnist-digits-train-images-idx3-ubyte',
    'emnist-digits-test-images-idx3-ubyte',
    'emnist-digits-train-labels-idx1-ubyte',
    'emnist-digits-test-labels-idx1-ubyte',
  ],
])('names like %s, compressed and in a folder below, are paired', async (a, b, c, d) => {
  const path = await folder({
    [`MNIST/raw/${a}.gz`]: gzipSync(ten),
    [`MNIST/raw/${b}.gz`]: gzipSync(nextTen),
    [`MNIST/raw/${c}.gz`]: gzipSync(tenLabels),
    [`MNIST/raw/${d}`]: nextLabels,
  });
  expect(await recognised(path)).toMatchObject({
    kind: 'idx',
    columns: { image: [28, 28, 1] },
    splits: { train: 10, test: 10 },
  });
  const source = await recognise(path);
  const from7 = await samplesOf(source, 'train', 7);
  expect(from7.map(({ values }) => values['label'])).toEqual(
    labels.slice(7, 10).map((index) => ({ kind: 'class', index })),
  );
  const upright = a.startsWith('emnist') ? onItsSide(images[7]!) : images[7];
  expect(from7[0]!.values['image']).toMatchObject({ data: upright });
});

test('images alone have no labels; chosen by themselves they find those beside them', async () => {
  const alone = await folder({ 'digits-images-idx3-ubyte': ten });
  expect(await recognised(alone)).toEqual({
    kind: 'idx',
    columns: { image: [28, 28, 1] },
    splits: { all: 10 },
    problems: [],
  });
  const both = await folder({
    'train-images-idx3-ubyte': ten,
    'train-labels-idx1-ubyte': tenLabels,
    't10k-images-idx3-ubyte': nextTen,
  });
  expect(await recognised(join(both, 'train-images-idx3-ubyte'))).toMatchObject({
    columns: { image: [28, 28, 1], label: expect.stringMatching(/^0 1 2/) as string },
    splits: { train: 10 },
  });
  expect(await recognised(both)).toMatchObject({
    splits: { train: 10, test: 10 },
    problems: expect.arrayContaining(['missing-label t10k-images-idx3-ubyte']) as string[],
  });
});

test("EMNIST's images are turned upright, and that is said", async () => {
  const on = (names: string) =>
    folder({ [`${names}-images-idx3-ubyte`]: ten, [`${names}-labels-idx1-ubyte`]: tenLabels });
  const [lying, upright] = [await on('emnist-digits-train'), await on('train')];
  expect(await recognised(lying)).toMatchObject({
    splits: { train: 10 },
    problems: expect.arrayContaining([
      'transposed emnist-digits-train-images-idx3-ubyte',
    ]) as string[],
  });
  const pixels = async (path: string, from: number) => {
    const [sample] = await samplesOf(await recognise(path), 'train', from);
    const image = sample!.values['image'] as { data: Uint8Array };
    return [...image.data];
  };
  for (const from of [0, 7]) {
    const [turned, plain] = [await pixels(lying, from), await pixels(upright, from)];
    expect(turned.some((value, i) => value !== plain[i])).toBe(true);
    expect(turned).toEqual([...onItsSide(Uint8Array.from(plain))]);
  }
});

test("classes are called by EMNIST's mapping and Fashion-MNIST's names", async () => {
  const letters = await folder({
    'emnist-letters-train-images-idx3-ubyte': ten,
    'emnist-letters-train-labels-idx1-ubyte': tenLabels,
    'emnist-letters-mapping.txt': Array.from(
      { length: 12 },
      (_, i) => `${i} ${65 + i} ${97 + i}\n`,
    ).join(''),
  });
  expect((await recognised(letters)).columns['label']).toBe(
    'A/a B/b C/c D/d E/e F/f G/g H/h I/i J/j K/k L/l',
  );
  const fashion = await folder({
    'fashion-mnist/train-images-idx3-ubyte': ten,
    'fashion-mnist/train-labels-idx1-ubyte': tenLabels,
  });
  expect((await recognised(join(fashion, 'fashion-mnist'))).columns['label']).toContain(
    'Ankle boot',
  );
});

test('other types of numbers, colours and channels first', async () => {
  const floats = Buffer.alloc(4 * 6);
  [0.5, -1, 2, 3, 4, 5].forEach((value, i) => floats.writeFloatBE(value, 4 * i));
  const path = await folder({ 'x-idx2-float': idxFile([2, 3], floats, 0x0d) });
  const [, second] = await samplesOf(await recognise(path), 'all');
  expect(second!.values['features']).toEqual({
    kind: 'raw',
    shape: [3],
    data: Float32Array.of(3, 4, 5),
  });
  const planes = Uint8Array.from({ length: 3 * 4 * 5 }, (_, i) => i);
  const colours = await folder({ 'images-idx4-ubyte': idxFile([1, 3, 4, 5], planes) });
  const source = await recognise(colours);
  expect(source.columns).toEqual([{ name: 'image', kind: 'image', shape: [4, 5, 3] }]);
  const [sample] = await samplesOf(source, 'all');
  const { data } = sample!.values['image'] as { data: Uint8Array };
  expect([...data.subarray(0, 6)]).toEqual([0, 20, 40, 1, 21, 41]);
});

test.each([
  ['ends early', ten.subarray(0, 3000), /promises \(10, 28, 28\) bytes; the file has 3000/],
  ['ends early, compressed', gzipSync(ten).subarray(0, 900), /the compressed file ends too early/],
  [
    'promises 2^31 images',
    idxFile([2 ** 31, 28, 28], images[0]!),
    /promises \(2147483648, 28, 28\)/,
  ],
  [
    'promises more, compressed',
    gzipSync(idxFile([10 ** 6, 28, 28], images[0]!)),
    /the header promises/,
  ],
  ['holds more', Buffer.concat([ten, ten]), /there are more/],
])('a file that %s is refused by name', async (_, bytes, message) => {
  const path = await folder({ 'train-images-idx3-ubyte.gz': bytes });
  await expect(recognise(path)).rejects.toThrow(message);
  await expect(recognise(path)).rejects.toMatchObject({
    code: 'BAD_DATA',
    message: expect.stringContaining('train-images-idx3-ubyte.gz') as string,
  });
});

test('labels of another number are refused', async () => {
  const path = await folder({
    'train-images-idx3-ubyte': ten,
    'train-labels-idx1-ubyte': idxFile([9], new Uint8Array(9)),
  });
  await expect(recognise(path)).rejects.toThrow(/10 samples.*9: it is not known which label/);
});

test('several files that were chosen go together, and nothing else of their folder', async () => {
  const path = await folder({
    'train-images-idx3-ubyte': ten,
    'train-labels-idx1-ubyte': tenLabels,
    't10k-images-idx3-ubyte': nextTen,
    't10k-labels-idx1-ubyte': nextLabels,
  });
  const source = await recognise(
    ['train-images-idx3-ubyte', 'train-labels-idx1-ubyte'].map((name) => join(path, name)),
  );
  expect(outline(source)).toMatchObject({ splits: { train: 10 } });
  expect(source.root).toBe(path);
});
