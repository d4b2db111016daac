import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { importData } from '../../../../main/data/store/import.ts';
import type { ImportProgress } from '../../../../main/data/store/imported.ts';
import { suggestPreprocessing } from '../../../../main/data/store/suggest.ts';
import { folderSource, plainPng, put, temporary } from './folder-source.ts';

let folder: string;
let cache: string;
beforeEach(async () => {
  folder = join(await temporary('import'), 'shapes');
  cache = await temporary('cache');
});
afterEach(async () => {
  await rm(join(folder, '..'), { recursive: true });
  await rm(cache, { recursive: true });
});

async function write(count: number, from = 0) {
  for (let i = from; i < from + count; i++)
    await put(join(folder, i % 2 ? 'b' : 'a', `${i}.png`), await plainPng(4, 6, [100], i));
}

async function bring(root = folder) {
  const source = await folderSource(root);
  const told: ImportProgress[] = [];
  const imported = await importData(source, await suggestPreprocessing(source), {
    cache,
    onProgress: (progress) => told.push(progress),
  });
  return { imported, told };
}

test('images become batches: 0 to 1, channels last, with their class', async () => {
  await write(6);
  const { imported } = await bring();
  expect(imported.all.size).toBe(6);
  expect(imported.all.elements).toEqual({
    image: { kind: 'image', shape: [4, 6, 1], dtype: 'float32' },
    label: { kind: 'class', shape: [], dtype: 'int32', classes: ['a', 'b'] },
  });
  const { image, label } = await imported.all.batch([4, 0]);
  expect(image!.shape).toEqual([2, 4, 6, 1]);
  expect([...image!.data.subarray(0, 2)]).toEqual([Math.fround(3 / 255), Math.fround(100 / 255)]);
  expect([...image!.data.subarray(24, 26)]).toEqual([0, Math.fround(100 / 255)]);
  expect([...label!.data]).toEqual([1, 0]);
  expect(Object.keys(await imported.all.batch([1], ['label']))).toEqual(['label']);
  expect(await imported.names([0, 3])).toEqual(['a/0.png', 'b/1.png']);
  await imported.close();
});
