import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import { createRandom } from '../../../../shared/random.ts';
import { digits, idxFile, temporaryFolders } from './make.ts';

const folder = temporaryFolders();
const goldens = join(import.meta.dirname, '../../../goldens/data');
const { images, labels } = await digits(20);
const table = images.map((data, i) => `${labels[i]},${[...data].join(',')}`).join('\n');

/** Whole files of each kind, small. */
async function wholeFiles(): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of await readdir(join(goldens, 'numpy')))
    files.set(name, await readFile(join(goldens, 'numpy', name)));
  for (const name of await readdir(join(goldens, 'parquet')))
    if (name.endsWith('.parquet')) files.set(name, await readFile(join(goldens, 'parquet', name)));
  const idx = idxFile([20, 28, 28], Buffer.concat(images));
  files.set('train-images-idx3-ubyte', idx);
  files.set('train-images-idx3-ubyte.gz', gzipSync(idx));
  files.set('train.csv', Buffer.from(table));
  files.set('train.csv.gz', gzipSync(table));
  files.set('cifar-10.tar', Buffer.alloc(10_240, 'data_batch_1.bin\0'));
  return files;
}

/** Reads all there is, or gives the error. */
async function readAll(path: string): Promise<unknown> {
  try {
    for (const { samples } of (await recognise(path)).splits) for await (const _ of samples());
    return null;
  } catch (error) {
    return error;
  }
}

const RUNS = Number(process.env['HOSTILE_RUNS'] ?? 4);

test('files that are cut or changed anywhere are read, or refused by name', async () => {
  const path = await folder();
  const random = createRandom(1, 'hostile');
  let refused = 0;
  for (const [name, whole] of await wholeFiles())
    for (let run = 0; run < RUNS; run++) {
      const draws = random.uniform(20);
      const bytes = Buffer.from(whole);
      // Headers matter most, and lie at either end.
      const place = (draw: number) =>
        Math.floor((draw < 0.5 ? draw * 0.2 : 1 - (1 - draw) * 0.2) * bytes.length);
      for (let i = 1; i < 1 + (run % 8); i++)
        bytes[place(draws[2 * i]!)] = Math.floor(draws[2 * i + 1]! * 256);
      const file = join(path, name);
      await writeFile(
        file,
        run % 3 ? bytes : bytes.subarray(0, Math.floor(draws[0]! * bytes.length)),
      );
      const error = await readAll(file);
      if (error === null) continue;
      refused++;
      expect(error).toBeInstanceOf(Error);
      expect((error as Error).message).toContain(name);
    }
  expect(refused).toBeGreaterThan(10);
});
