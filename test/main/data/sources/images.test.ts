import { execFileSync } from 'node:child_process';
import { chmod, link, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import { digits, recognised, samplesOf, temporaryFolders } from './make.ts';

const folder = temporaryFolders();
const { images, labels } = await digits(12);
const pngs = await Promise.all(
  images.map((data) =>
    sharp(data, { raw: { width: 28, height: 28, channels: 1 } })
      .png()
      .toBuffer(),
  ),
);
const png = pngs[0]!;

/** Files with these names, each a real PNG. */
function files(...names: string[]): Record<string, Uint8Array> {
  return Object.fromEntries(names.map((name, i) => [name, pngs[i % pngs.length]!]));
}

test('a folder a class: digits from MNIST, each in the folder of its label', async () => {
  const path = await folder(
    Object.fromEntries(pngs.map((bytes, i) => [`${labels[i]}/digit ${i}.png`, bytes])),
  );
  const names = [...new Set(labels)].sort((a, b) => a - b);
  expect(await recognised(path)).toEqual({
    kind: 'image-classes',
    columns: { image: 'image', label: names.join(' ') },
    splits: { all: 12 },
    problems: [],
  });
  const source = await recognise(path);
  expect(source.recognised).toBe(`${names.length} class folders with 12 images`);
  for (const { name, values } of await samplesOf(source, 'all')) {
    expect(values['image']).toEqual({ kind: 'file', path: join(path, name) });
    expect(values['label']).toEqual({
      kind: 'class',
      index: names.indexOf(Number(name.split('/')[0])),
    });
  }
});

test('samples begin anywhere', async () => {
  const path = await folder(files('a/1.png', 'a/2.png', 'b/1.png', 'b/2.png', 'c/1.png'));
  const source = await recognise(path);
  const all = await samplesOf(source, 'all');
  for (const from of [0, 1, 2, 3, 5])
    expect(await samplesOf(source, 'all', from)).toEqual(all.slice(from));
});

test.each([
  ['train', 'val', 'test'],
  ['Training', 'Validation', 'Testing'],
  ['images_train', 'images_valid', 'images_test'],
])('folders named %s, %s, %s are splits', async (a, b, c) => {
  const path = await folder(
    files(
      `set/${a}/cat/1.png`,
      `set/${a}/dog/1.png`,
      `set/${b}/cat/2.png`,
      `set/${b}/dog/2.png`,
      `set/${c}/cat/3.jpg`,
      `set/${c}/dog/3.webp`,
    ),
  );
  expect(await recognised(path)).toMatchObject({
    kind: 'image-classes',
    columns: { label: 'cat dog' },
    splits: { train: 2, validation: 2, test: 2 },
    problems: [],
  });
});

test('classes that only a split has, empty classes and imbalance are problems', async () => {
  const path = await folder(
    files(
      'train/cat/1.png',
      'test/cat/1.png',
      'test/bird/1.png',
      ...Array.from({ length: 20 }, (_, i) => `train/dog/${i}.png`),
    ),
  );
  await mkdir(join(path, 'train/empty'));
  expect((await recognised(path)).problems).toEqual([
    'class-mismatch test/bird',
    'class-mismatch dog',
    'empty-class train/empty',
    'imbalance train',
  ]);
  const { problems } = await recognise(path);
  expect(problems[3]).toMatchObject({ message: 'class dog has 20 samples, class cat only 1' });
});

test('nested folders: below a class they belong to it, and groups of classes are passed through', async () => {
  const below = await folder(
    files('cat/day/1.png', 'cat/night/1.png', 'dog/day/1.png', 'dog/2.png'),
  );
  expect(await recognised(below)).toMatchObject({
    columns: { label: 'cat dog' },
    splits: { all: 4 },
  });
  const groups = await folder(
    files('animals/cat/1.png', 'animals/dog/1.png', 'things/cup/1.png', 'things/pen/a/1.png'),
  );
  expect((await recognised(groups)).columns['label']).toBe(
    'animals/cat animals/dog things/cup things/pen/a',
  );
  expect((await recognised(groups, { classFolders: 'top' })).columns['label']).toBe(
    'animals things',
  );
});

test('images in one folder have no labels; so have all where that is wished', async () => {
  const flat = await folder(
    files('photos/1.png', 'photos/2.bmp', 'photos/3.TIFF', 'photos/4.gif', 'photos/5.JPG'),
  );
  expect(await recognised(flat)).toEqual({
    kind: 'images',
    columns: { image: 'image' },
    splits: { all: 5 },
    problems: [],
  });
  const classes = await folder(files('a/1.png', 'b/1.png'));
  expect(await recognised(classes, { kind: 'images' })).toMatchObject({
    kind: 'images',
    columns: { image: 'image' },
  });
  await expect(recognise(flat, { kind: 'image-classes' })).rejects.toThrow(/can't be taken for/);
  expect(await recognised(join(flat, 'photos/1.png'))).toMatchObject({
    kind: 'images',
    splits: { all: 1 },
  });
});

test('images beside the folders of classes are kept without label', async () => {
  const path = await folder(files('1.png', 'a/1.png', 'b/1.png'));
  expect(await recognised(path)).toMatchObject({
    splits: { all: 3 },
    problems: ['missing-label .'],
  });
  const [first] = await samplesOf(await recognise(path), 'all');
  expect(first!.values['label']).toBeNull();
});

test.each([
  ['input', 'target'],
  ['Inputs', 'Targets'],
  ['x', 'y'],
  ['A', 'B'],
  ['images', 'masks'],
  ['noisy', 'clean'],
  ['low', 'high'],
])('folders %s and %s hold pairs', async (a, b) => {
  const path = await folder(files(`${a}/1.png`, `${a}/2.png`, `${b}/1.jpg`, `${b}/2.png`));
  expect(await recognised(path)).toEqual({
    kind: 'image-pairs',
    columns: { input: 'image', target: 'image' },
    splits: { all: 2 },
    problems: [],
  });
  const [first] = await samplesOf(await recognise(path), 'all');
  expect(first!.values).toEqual({
    input: { kind: 'file', path: join(path, a, '1.png') },
    target: { kind: 'file', path: join(path, b, '1.jpg') },
  });
});

test('pairs in splits, with ends of names, and those without partner', async () => {
  const path = await folder(
    files(
      'train/images/1.png',
      'train/images/2.png',
      'train/images/odd.png',
      'train/masks/1_mask.png',
      'train/masks/2_mask.gif',
      'val/images/3.png',
      'val/masks/3_mask.png',
      'val/masks/4_mask.png',
    ),
  );
  const pairs = { kind: 'image-pairs', splits: { train: 2, validation: 1 } };
  expect(await recognised(path)).toMatchObject({
    ...pairs,
    problems: ['unmatched train/images/odd.png', 'unmatched val/masks/4_mask.png'],
  });
  const turned = await folder(
    files('input/train/1.png', 'target/train/1.png', 'input/test/1.png', 'target/test/1.png'),
  );
  expect(await recognised(turned)).toMatchObject({
    kind: 'image-pairs',
    splits: { train: 1, test: 1 },
  });
});

test('folders a and b with images of their own are classes', async () => {
  const path = await folder(files('a/1.png', 'a/2.png', 'b/3.png', 'b/4.png', 'b/1.png'));
  expect(await recognised(path)).toMatchObject({
    kind: 'image-classes',
    columns: { label: 'a b' },
  });
  expect(await recognised(path, { kind: 'image-pairs' })).toMatchObject({
    kind: 'image-pairs',
    splits: { all: 1 },
  });
});

test('names in any form of Unicode match', async () => {
  const path = await folder(
    files('input/Zürich 猫 🐈.png'.normalize('NFC'), 'target/Zürich 猫 🐈.png'.normalize('NFD')),
  );
  expect(await recognised(path)).toMatchObject({ kind: 'image-pairs', splits: { all: 1 } });
  const split = await folder(
    files(
      'train/é/1.png'.normalize('NFC'),
      'train/b/1.png',
      'test/é/1.png'.normalize('NFD'),
      'test/b/1.png',
    ),
  );
  expect(await recognised(split)).toMatchObject({
    columns: { label: 'b é'.normalize('NFC') },
    problems: [],
  });
});

test('hidden files are passed over; others are counted and said', async () => {
  const path = await folder({
    ...files('a/1.png', 'b/1.png', 'b/._1.png', '__MACOSX/a/1.png'),
    'a/.DS_Store': 'x',
    'a/Thumbs.db': 'x',
    '.git/config': 'x',
    'README.md': 'x',
    'a/notes.txt': 'x',
  });
  const { problems } = await recognise(path);
  expect(problems).toEqual([
    {
      code: 'ignored',
      path: '.',
      message: '2 files of other kinds (1 .md, 1 .txt): README.md, a/notes.txt',
      action: 'left out',
    },
  ]);
});

test('links out of the folder, in circles and to nothing are listed, never followed', async () => {
  const outside = await folder(files('secret/1.png'));
  const path = await folder(files('a/1.png', 'b/1.png'));
  await symlink(join(outside, 'secret'), join(path, 'c'));
  await symlink(join(outside, 'secret/1.png'), join(path, 'a/2.png'));
  await symlink(path, join(path, 'a/up'));
  await symlink('loop', join(path, 'loop'));
  await symlink('nothing', join(path, 'b/3.png'));
  await symlink('1.png', join(path, 'b/4.png'));
  await link(join(path, 'a/1.png'), join(path, 'a/5.png'));
  const { splits, problems } = await recognised(path);
  expect(splits).toEqual({ all: 4 });
  expect(problems.sort()).toEqual([
    'link a/2.png',
    'link a/up',
    'link b/3.png',
    'link c',
    'link loop',
  ]);
});

test.skipIf(process.platform === 'win32')('pipes are listed, not opened', async () => {
  const path = await folder(files('a/1.png', 'c/1.png'));
  execFileSync('mkfifo', [join(path, 'a/2.png')]);
  expect(await recognised(path)).toMatchObject({
    splits: { all: 2 },
    problems: ['not-a-file a/2.png'],
  });
  await expect(recognise(join(path, 'a/2.png'))).rejects.toThrow(
    /neither a file nor a folder but a pipe/,
  );
});

test.skipIf(process.getuid?.() === 0)('an unreadable folder is listed', async () => {
  const path = await folder(files('a/1.png', 'b/1.png', 'c/1.png'));
  await chmod(join(path, 'c'), 0);
  expect((await recognised(path)).problems).toEqual(['unreadable c']);
  await chmod(join(path, 'c'), 0o700);
});

test('what is nothing to train on is told apart from what is not there', async () => {
  const path = await folder({ 'a.txt': 'x', 'b.md': 'x', 'c.md': 'x' });
  await expect(recognise(path)).rejects.toThrow(
    /holds 2 \.md, 1 \.txt, which is nothing to train on; what would be: folders of images/,
  );
  await expect(recognise(await folder())).rejects.toThrow(/holds no files/);
  await expect(recognise(join(path, 'none'))).rejects.toMatchObject({ code: 'NO_SUCH_DATA' });
});

test('thousands of images are listed, and their samples come one after the other', async () => {
  const path = await folder();
  for (const name of ['a', 'b']) await mkdir(join(path, name));
  for (let i = 0; i < 5000; i += 1000)
    await Promise.all(
      Array.from({ length: 1000 }, (_, j) =>
        writeFile(join(path, j % 2 ? 'a' : 'b', `${i + j}.png`), ''),
      ),
    );
  const source = await recognise(path);
  expect(source.splits[0]!.size).toBe(5000);
  const [last] = await samplesOf(source, 'all', 4999);
  expect(last!.name).toBe('b/998.png');
  for await (const sample of source.splits[0]!.samples()) {
    expect(sample.name).toBe('a/1.png');
    break;
  }
});

test('listing ends when it is cancelled', async () => {
  const path = await folder({ 'a/1.png': png });
  await expect(recognise(path, {}, AbortSignal.abort())).rejects.toThrow(/abort/i);
});
