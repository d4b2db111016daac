import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import { tarMembers } from '../../../../main/data/sources/tar.ts';
import { digits, recognised, samplesOf, temporaryFolders } from './make.ts';

const folder = temporaryFolders();
const { images, labels } = await digits(12);
const pictures = await Promise.all(
  images.map(async (data) => {
    const raw = { width: 28, height: 28, channels: 1 } as const;
    const grey = await sharp(data, { raw }).resize(32, 32).extractChannel(0).raw().toBuffer();
    return Uint8Array.from({ length: 3072 }, (_, i) => grey[Math.floor(i / 3)]! >> (i % 3));
  }),
);

/** Pictures as CIFAR has them: the labels, then all red, all green and all blue. */
function records(from: number, to: number, labelsOf: (i: number) => number[]): Buffer {
  return Buffer.concat(
    pictures.slice(from, to).map((pixels, i) => {
      const planes = Buffer.alloc(3072);
      for (let p = 0; p < 1024; p++)
        for (let c = 0; c < 3; c++) planes[c * 1024 + p] = pixels[p * 3 + c]!;
      return Buffer.concat([Buffer.from(labelsOf(from + i)), planes]);
    }),
  );
}

const one = (i: number) => [labels[i]!];
const names = 'airplane automobile bird cat deer dog frog horse ship truck';
const unpacked = {
  'cifar-10-batches-bin/batches.meta.txt': names.split(' ').join('\n') + '\n\n',
  'cifar-10-batches-bin/data_batch_1.bin': records(0, 4, one),
  'cifar-10-batches-bin/data_batch_2.bin': records(4, 8, one),
  'cifar-10-batches-bin/test_batch.bin': records(8, 12, one),
  'cifar-10-batches-bin/readme.html': '<html></html>',
};

const cifar10 = {
  kind: 'cifar',
  columns: { image: [32, 32, 3], label: names },
  splits: { train: 8, test: 4 },
};

/** A real tar archive of a folder's content. */
async function packed(content: Record<string, string | Uint8Array>, ...options: string[]) {
  const from = await folder(content);
  const to = await folder();
  const file = join(to, 'cifar-10-binary.tar.gz');
  execFileSync('tar', [
    ...options,
    '-czf',
    file,
    '-C',
    from,
    ...new Set(Object.keys(content).map((path) => path.split('/')[0]!)),
  ]);
  return file;
}

test('CIFAR-10, unpacked and as it is downloaded', async () => {
  const path = await folder(unpacked);
  expect(await recognised(path)).toMatchObject(cifar10);
  const file = await packed(unpacked);
  expect(await recognised(file)).toMatchObject(cifar10);
  expect(await recognised(join(file, '..'))).toMatchObject(cifar10);
  for (const source of [await recognise(path), await recognise(file)]) {
    const train = await samplesOf(source, 'train');
    expect(train[5]!.values).toEqual({
      image: { kind: 'raw', shape: [32, 32, 3], data: pictures[5] },
      label: { kind: 'class', index: labels[5] },
    });
    for (const from of [0, 3, 4, 7, 8])
      expect(await samplesOf(source, 'train', from)).toEqual(train.slice(from));
  }
});

test('CIFAR-100 has two labels', async () => {
  const path = await folder({
    'train.bin': records(0, 8, (i) => [i % 20, labels[i]! * 10]),
    'test.bin': records(8, 12, (i) => [i % 20, labels[i]! * 10]),
    'coarse_label_names.txt': Array.from({ length: 20 }, (_, i) => `coarse${i}\n`).join(''),
    'fine_label_names.txt': Array.from({ length: 100 }, (_, i) => `fine${i}\n`).join(''),
  });
  const source = await recognise(path);
  expect(source.columns.map(({ name, classes }) => [name, classes?.length])).toEqual([
    ['image', undefined],
    ['coarse_label', 20],
    ['label', 100],
  ]);
  const [first] = await samplesOf(source, 'train');
  expect(first!.values['label']).toEqual({ kind: 'class', index: labels[0]! * 10 });
});

test('long names, links and folders in an archive are passed over, and nothing is written', async () => {
  const deep = `${'deep/'.repeat(40)}`;
  for (const format of ['gnu', 'pax', 'ustar']) {
    const path = format === 'ustar' ? 'short/' : deep;
    const file = await packed(
      { [`${path}data_batch_1.bin`]: records(0, 4, one) },
      `--format=${format}`,
    );
    expect((await tarMembers(file)).map(({ name }) => name)).toEqual([`${path}data_batch_1.bin`]);
    expect(await recognised(file)).toMatchObject({ splits: { train: 4 } });
  }
});

test.each<[string, (tar: Buffer) => Buffer, RegExp]>([
  [
    'ends early',
    (tar) => tar.subarray(0, 6000),
    /promises 12292 bytes; the archive ends|ends within/,
  ],
  ['is none', (tar) => Buffer.alloc(tar.length, 'x'), /expected a tar archive/],
])('an archive that %s is refused by name', async (_, change, message) => {
  const file = await packed(unpacked);
  const tar = execFileSync('gzip', ['-dc', file]);
  const path = await folder({ 'cifar-10-binary.tar.gz': gzipSync(change(tar)) });
  await expect(recognise(path)).rejects.toThrow(message);
  const cut = await folder({ 'cifar-10-binary.tar.gz': (await readFile(file)).subarray(0, 2000) });
  await expect(recognise(cut)).rejects.toThrow(
    /cifar-10-binary.tar.gz: the compressed file ends too early/,
  );
});

test('records that are cut, labels of no class, and what Python pickled', async () => {
  const path = await folder(unpacked);
  await writeFile(
    join(path, 'cifar-10-batches-bin/test_batch.bin'),
    records(8, 12, () => [77]),
  );
  expect(
    (await recognised(path)).problems.filter((p) => p.startsWith('unknown-class')),
  ).toHaveLength(4);
  await writeFile(
    join(path, 'cifar-10-batches-bin/test_batch.bin'),
    records(8, 12, one).subarray(1),
  );
  await expect(recognise(path)).rejects.toThrow(/test_batch.bin: expected records of 3073 bytes/);
  const python = await folder({
    'cifar-10-batches-py/data_batch_1': 'pickled',
    'cifar-10-batches-py/batches.meta': 'pickled',
  });
  await expect(recognise(python)).rejects.toThrow(
    /is Python's version of CIFAR, which is not read/,
  );
});

test('other archives are to be unpacked first', async () => {
  await expect(recognise(await folder({ 'photos.zip': 'PK' }))).rejects.toThrow(
    /an archive is to be unpacked first/,
  );
});
