import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import { digits, recognised, samplesOf, temporaryFolders } from './make.ts';

const folder = temporaryFolders();
const { images, labels } = await digits(80);
const names = 'zero one two three four five six seven eight nine';

/** Files that PyArrow wrote from the first digits of MNIST's test set. */
const golden = (name = '') => join(import.meta.dirname, '../../../goldens/data/parquet', name);

test('a folder from the Hugging Face hub: shards, compressed differently, with the names of the classes', async () => {
  expect(await recognised(golden('hub'))).toEqual({
    kind: 'parquet',
    columns: { image: 'image', label: names },
    splits: { train: 60, test: 20 },
    problems: expect.arrayContaining(['ignored README.md']) as string[],
  });
  const source = await recognise(golden('hub'));
  const train = await samplesOf(source, 'train');
  for (const i of [0, 6, 7, 29, 30, 59]) {
    const { image, label } = train[i]!.values;
    expect(label).toEqual({ kind: 'class', index: labels[i] });
    if (image?.kind !== 'encoded') throw new Error('expected an encoded image');
    const pixels = await sharp(image.bytes).greyscale().raw().toBuffer();
    expect(Buffer.compare(pixels, images[i]!)).toBe(0);
  }
  expect(train[31]!.name).toBe('data/train-00001-of-00002.parquet:1');
  for (const from of [0, 7, 33, 59])
    expect(await samplesOf(source, 'train', from)).toEqual(train.slice(from));
});

test('columns of numbers, with classes as text', async () => {
  expect(await recognised(golden('numbers.parquet'))).toEqual({
    kind: 'parquet',
    columns: { features: [3], species: 'a b c' },
    splits: { all: 40 },
    problems: ['ignored-column numbers.parquet'],
  });
  const [, , third] = await samplesOf(await recognise(golden('numbers.parquet')), 'all');
  expect(third!.values).toEqual({
    features: { kind: 'raw', shape: [3], data: Float32Array.of(0.5, 2, 1) },
    species: { kind: 'class', index: 2 },
  });
});

test.each([
  ['lists.parquet', 'pixels'],
  ['nested.parquet', 'image'],
])('%s: pixels in lists', async (file, column) => {
  expect((await recognised(golden(file))).columns).toMatchObject({ [column]: [28, 28, 1] });
  const [, second] = await samplesOf(await recognise(golden(file)), 'all');
  expect(second!.values[column]).toEqual({ kind: 'raw', shape: [28, 28, 1], data: images[1] });
});

test('bytes of images in a plain column, and a label that misses', async () => {
  expect(await recognised(golden('bytes.parquet'))).toMatchObject({
    columns: { picture: 'image' },
    splits: { all: 12 },
    problems: ['missing-label bytes.parquet:3'],
  });
});

/** Fills a part of a file with what means nothing. */
function spoiled(bytes: Buffer, from: number, to: number): Buffer {
  return bytes.fill(0xff, from, to);
}

test.each<[string, (bytes: Buffer, footer: number) => Uint8Array, RegExp]>([
  ['ends early', (bytes) => bytes.subarray(0, 4000), /ends with PAR1; it may be cut short/],
  ['is none', () => Buffer.from('PAR1 is how Parquet begins'), /ends with PAR1/],
  [
    'has a footer that is too long',
    (bytes) => {
      bytes.writeUInt32LE(0xffff_fff0, bytes.length - 8);
      return bytes;
    },
    /the footer of 4294967280 bytes does not fit/,
  ],
  [
    'has a footer of nonsense',
    (bytes, footer) => spoiled(bytes, bytes.length - 8 - footer, bytes.length - 8),
    /x\.parquet/,
  ],
  ['has pages of nonsense', (bytes) => spoiled(bytes, 8, 3000), /x\.parquet: rows 0 to/],
])('a file that %s is refused by name', async (_, change, message) => {
  const bytes = await readFile(golden('hub/data/test-00000-of-00001.parquet'));
  const path = await folder({ 'x.parquet': change(bytes, bytes.readUInt32LE(bytes.length - 8)) });
  await expect(recognise(path)).rejects.toThrow(message);
  await expect(recognise(path)).rejects.toMatchObject({ code: 'BAD_DATA' });
});

test('a file of other columns is left out, and said', async () => {
  const path = await folder();
  await cp(golden('hub'), path, { recursive: true });
  await cp(golden('numbers.parquet'), join(path, 'numbers.parquet'));
  const { splits, problems } = await recognised(path);
  expect(splits).toEqual({ train: 60, test: 20 });
  expect(problems).toContain('ignored numbers.parquet');
});
