import { mkdtemp, open, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { batches, naturalOrder } from '../../../../main/data/batches.ts';
import {
  createBatchMaker,
  type BatchRequest,
  type ReadColumn,
} from '../../../../main/data/store/batch-maker.ts';
import { importData } from '../../../../main/data/store/import.ts';
import { suggestPreprocessing } from '../../../../main/data/store/suggest.ts';
import { folderSource, plainPng, put, temporary } from './folder-source.ts';

/** Flips a byte of a file. */
async function damage(path: string, position: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, position);
  await file.write(Uint8Array.of(byte[0]! ^ 0xff), 0, 1, position);
  await file.close();
}

describe.each([
  ['held in memory', 1 << 20],
  ['read from the disk', 0],
])('records that are %s', (_, most) => {
  const RECORDS = 500;
  let folder: string;
  let columns: ReadColumn[];
  let contents: Buffer[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'records-'));
    const values = [
      Uint8Array.from({ length: RECORDS * 6 }, (_, i) => i * 7),
      Uint16Array.from({ length: RECORDS * 3 }, (_, i) => i * 11),
      Float32Array.from({ length: RECORDS * 2 }, (_, i) => Math.sin(i)),
    ];
    contents = values.map(({ buffer }) => Buffer.from(buffer));
    const affine = [{ factor: 2, offset: 1 }];
    columns = (['uint8', 'uint16', 'float32'] as const).map((dtype, i) => ({
      file: join(folder, dtype),
      dtype,
      size: [6, 3, 2][i]!,
      affine: i === 1 ? [...affine, { factor: 1, offset: 0 }, { factor: 0, offset: 5 }] : affine,
    }));
    for (const [i, { file }] of columns.entries()) await writeFile(file, contents[i]!);
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** A request of these records of all columns, with the sums of what was written. */
  function request(records: readonly number[]): BatchRequest {
    const sumsOf = (column: number) => {
      const length = contents[column]!.length / RECORDS;
      const sum = (record: number) =>
        crc32(contents[column]!.subarray(record * length, (record + 1) * length));
      return { column, sums: Uint32Array.from(records, sum) };
    };
    return { records: Int32Array.from(records), columns: [0, 1, 2].map(sumsOf) };
  }

  it('become float32 in the order asked for, also when asked for twice', () => {
    const maker = createBatchMaker(columns, most);
    const records = [499, 0, 7, 7, 250, 8, 1];
    const made = maker.make(request(records));
    maker.close();
    expect([...made[0]!]).toEqual(
      records.flatMap((r) => [0, 1, 2, 3, 4, 5].map((k) => (((r * 6 + k) * 7) % 256) * 2 + 1)),
    );
    expect([...made[1]!]).toEqual(
      records.flatMap((r) => [(r * 33 % 65536) * 2 + 1, ((r * 3 + 1) * 11) % 65536, 5]), // prettier-ignore
    );
    const wanted = records.flatMap((r) => [0, 1].map((k) => Math.fround(Math.sin(r * 2 + k)) * 2 + 1)); // prettier-ignore
    expect([...made[2]!]).toEqual(wanted.map(Math.fround));
  });

  it('are told of by number when they are damaged or cut off', async () => {
    await damage(columns[0]!.file, 6 * 42 + 3);
    await truncate(columns[2]!.file, 8 * 499 + 5);
    const maker = createBatchMaker(columns, most);
    expect(maker.check(request([...naturalOrder(RECORDS)]))).toEqual([42, 499]);
    expect(() => maker.make(request([41, 42]))).toThrow('record 42 of the cache is damaged');
    expect(() => maker.make(request([3, 499]))).toThrow('record 499');
    expect(maker.make(request([41, 43]))[0]!.length).toBe(12);
    maker.close();
  });
});

it('damaged data end a pass before the batches that were read with them, and are made anew', async () => {
  const folder = join(await temporary('damaged'), 'shapes');
  const cache = await temporary('cache');
  for (let i = 0; i < 20; i++)
    await put(join(folder, i % 2 ? 'b' : 'a', `${i}.png`), await plainPng(4, 6, [100], i));
  const source = await folderSource(folder);
  const bring = async () => importData(source, await suggestPreprocessing(source), { cache });

  const first = await bring();
  const whole = await first.all.batch(naturalOrder(20));
  const files = await readdir(cache, { recursive: true, withFileTypes: true });
  const images = files.filter((file) => file.name === 'column-0.bin');
  expect(images.length).toBe(1);
  await first.close();
  const second = await bring();
  await damage(join(images[0]!.parentPath, images[0]!.name), 24 * 12);
  const met: number[] = [];
  const pass = async () => {
    for await (const { samples } of batches(second.all, naturalOrder(20), 4)) met.push(...samples);
  };
  await expect(pass()).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
  expect(met).toEqual([0, 1, 2, 3]);
  await second.close();

  const third = await bring();
  expect(await third.all.batch(naturalOrder(20))).toEqual(whole);
  await third.close();
  await rm(join(folder, '..'), { recursive: true });
  await rm(cache, { recursive: true });
});
