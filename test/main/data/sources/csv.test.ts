import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { recognise } from '../../../../main/data/recognise.ts';
import {
  csvFormat,
  csvRows,
  type CsvPosition,
  type CsvRow,
} from '../../../../main/data/sources/csv.ts';
import { digits, recognised, samplesOf, temporaryFolders } from './make.ts';

const folder = temporaryFolders();
const { images, labels } = await digits(30);
const jpegs = await Promise.all(
  images.map((data) =>
    sharp(data, { raw: { width: 28, height: 28, channels: 1 } })
      .jpeg()
      .toBuffer(),
  ),
);
const photos = (prefix = '') =>
  Object.fromEntries(jpegs.map((bytes, i) => [`${prefix}${i}.jpg`, bytes]));
const classes = '0 1 2 3 4 5 6 7 8 9';
const pixelHeader = ['label', ...Array.from({ length: 784 }, (_, i) => `pixel${i}`)].join(',');
const pixelRows = images.map((data, i) => [labels[i], ...data].join(','));

test.each([
  ['commas', 'file,label\n', ','],
  ['semicolons and a byte order mark', '\uFEFFImage;Class\r\n', ';'],
  ['tabs', 'path\tdigit\n', '\t'],
  ['no header', '', ','],
  ['what Excel writes first', 'sep=;\nfile;label\n', ';'],
])('a table that names images, with %s', async (_, header, delimiter) => {
  const rows = labels.map((label, i) => [`images/${i}.jpg`, `"is ""${label}"""`].join(delimiter));
  const path = await folder({ ...photos('images/'), 'labels.csv': header + rows.join('\n') });
  const found = await recognised(path);
  expect(found).toMatchObject({ kind: 'csv-images', splits: { all: 30 }, problems: [] });
  const [image, label] = Object.values(found.columns);
  expect(image).toBe('image');
  expect(label).toBe(
    [...new Set(labels)]
      .sort()
      .map((l) => `is "${l}"`)
      .join(' '),
  );
  const source = await recognise(path);
  const all = await samplesOf(source, 'all');
  expect(all[7]).toMatchObject({ name: 'images/7.jpg' });
  expect(Object.values(all[7]!.values)).toEqual([
    { kind: 'file', path: join(path, 'images/7.jpg') },
    { kind: 'class', index: [...new Set(labels)].sort().indexOf(labels[7]!) },
  ]);
  expect(await samplesOf(source, 'all', 29)).toEqual(all.slice(29));
});

test('images are found beside the table, in a folder, by their name without extension, and in any Unicode', async () => {
  const rows = (name: (i: number) => string) =>
    `id,label\n${labels.map((l, i) => `${name(i)},${l}`).join('\n')}`;
  const beside = await folder({ ...photos(), 'train.csv': rows((i) => `${i}.jpg`) });
  expect(await recognised(beside)).toMatchObject({
    columns: { label: classes },
    splits: { train: 30 },
  });
  const bare = await folder({ ...photos('imgs/'), 'data.csv': rows((i) => `${i}`) });
  expect(await recognised(bare)).toMatchObject({
    kind: 'csv-images',
    columns: { id: 'image', label: classes },
  });
  expect(await recognised(join(bare, 'data.csv'))).toMatchObject({
    kind: 'csv-images',
    splits: { all: 30 },
  });
  const unicode = await folder({
    ...photos('ü'.normalize('NFD')),
    'data.csv': rows((i) => `.\\${'ü'.normalize('NFC')}${i}.jpg`),
  });
  expect((await recognised(unicode)).splits).toEqual({ all: 30 });
});

test('rows without image, images without row, labels that miss, and paths that lead out are listed', async () => {
  const outside = await folder(photos('secret'));
  const path = await folder({
    'data/1.jpg': jpegs[1]!,
    'data/2.jpg': jpegs[2]!,
    'data/3.jpg': jpegs[3]!,
    'data/extra.jpg': jpegs[4]!,
    'data/labels.csv': `path,label\n1.jpg,a\n2.jpg,\n3.jpg,b\ngone.jpg,a\n../../../etc/passwd.jpg,a\n${outside}/secret1.jpg,b\nlink.jpg,a\n3.jpg,b,c\n`,
  });
  await symlink(join(outside, 'secret1.jpg'), join(path, 'data/link.jpg'));
  expect(await recognised(path)).toEqual({
    kind: 'csv-images',
    columns: { path: 'image', label: 'a b' },
    splits: { all: 3 },
    problems: [
      'link data/link.jpg',
      'missing-label data/2.jpg',
      'missing-image data/labels.csv:5',
      'outside data/labels.csv:6',
      'outside data/labels.csv:7',
      'missing-image data/labels.csv:8',
      'bad-row data/labels.csv:9',
      'missing-label data/extra.jpg',
    ],
  });
});

test('a column of splits, several labels, and corrections', async () => {
  const rows = labels.map(
    (l, i) => `${i}.jpg,${l},${i / 10},${i < 20 ? 'train' : i < 25 ? 'Val' : 'test'}`,
  );
  const path = await folder({
    ...photos('pictures/'),
    'all.csv': `image,label,age,split\n${rows.join('\n')}`,
  });
  expect(await recognised(path)).toMatchObject({
    columns: { image: 'image', label: classes, age: [1] },
    splits: { train: 20, validation: 5, test: 5 },
  });
  const source = await recognise(path);
  expect((await samplesOf(source, 'test', 3)).map(({ name }) => name)).toEqual([
    'pictures/28.jpg',
    'pictures/29.jpg',
  ]);
  expect(
    await recognised(path, { columns: { label: 'numbers', age: 'ignore', split: 'ignore' } }),
  ).toMatchObject({ columns: { image: 'image', label: [1] }, splits: { all: 30 } });
});

test("Kaggle's digits: a label and pixels, a test table without labels, and an example of what to send in", async () => {
  const path = await folder({
    'train.csv': `${pixelHeader}\n${pixelRows.join('\n')}\n`,
    'test.csv': `${pixelHeader.slice(6)}\n${pixelRows.map((row) => row.slice(2)).join('\n')}\n`,
    'sample_submission.csv': 'ImageId,Label\n1,0\n2,0\n',
  });
  expect(await recognised(path)).toEqual({
    kind: 'csv',
    columns: { image: [28, 28, 1], label: Array.from({ length: 10 }, (_, i) => i).join(' ') },
    splits: { train: 30, test: 30 },
    problems: expect.arrayContaining([
      'ignored sample_submission.csv',
      'missing-label test.csv',
    ]) as string[],
  });
  const [, , , fourth] = await samplesOf(await recognise(join(path, 'train.csv')), 'train');
  expect(fourth).toMatchObject({
    name: 'train.csv:5',
    values: {
      image: { kind: 'raw', shape: [28, 28, 1], data: images[3] },
      label: { kind: 'class', index: labels[3] },
    },
  });
});

test('pixels without header, label first or last, and compressed', async () => {
  const first = await folder({ 'mnist_train.csv': pixelRows.join('\n') });
  const image = { kind: 'csv', columns: { image: [28, 28, 1] }, splits: { train: 30 } };
  expect(await recognised(first)).toMatchObject(image);
  const last = await folder({
    'mnist_train.csv.gz': gzipSync(
      images.map((data, i) => [...data, labels[i]].join(' , ')).join('\n'),
    ),
  });
  expect(await recognised(last)).toMatchObject(image);
  const source = await recognise(last);
  expect(await samplesOf(source, 'train', 12)).toEqual(
    (await samplesOf(source, 'train')).slice(12),
  );
});

test('tables of numbers: classes, regression, text that is left out, missing values', async () => {
  const iris = await folder({
    'iris.csv': `Id,length,width,Species\n${labels.map((l, i) => `${i + 1},${i / 3},${l},${'abc'[l % 3]}`).join('\n')}`,
  });
  expect(await recognised(iris)).toEqual({
    kind: 'csv',
    columns: { features: [2], Species: 'a b c' },
    splits: { all: 30 },
    problems: ['ignored-column iris.csv'],
  });
  const houses = await folder({
    'houses.csv': `rooms;area;price\n${labels.map((l, i) => `${l};${i},5;${i * 1000}.25`).join('\n')}\n3;;1.5\n`,
  });
  expect(await recognised(houses)).toEqual({
    kind: 'csv',
    columns: { features: [2], price: [1] },
    splits: { all: 31 },
    problems: ['missing-value houses.csv:32'],
  });
  const [second] = await samplesOf(await recognise(houses), 'all', 1);
  expect(second!.values).toEqual({
    features: { kind: 'raw', shape: [2], data: Float32Array.of(labels[1]!, 1.5) },
    price: { kind: 'raw', shape: [1], data: Float32Array.of(1000.25) },
  });
  expect(
    await recognised(houses, { columns: { price: 'features', rooms: 'class' } }),
  ).toMatchObject({ columns: { features: [2] } });
});

test('pixels as text in one cell', async () => {
  const path = await folder({
    'fer.csv': `emotion,pixels,Usage\n${images.map((data, i) => `${labels[i]},${[...data].join(' ')},${i < 20 ? 'Training' : 'PrivateTest'}`).join('\n')}`,
  });
  expect(await recognised(path)).toMatchObject({
    columns: { pixels: [28, 28, 1] },
    splits: { train: 20, test: 10 },
  });
});

test.each([
  ['a million columns', `${'1,'.repeat(1_000_000)}1\n`, /more than 262,144 columns/],
  ['one line of 40 MB', 'x'.repeat(40 * 2 ** 20), /line 1 is longer than 16 MB/],
  [
    'a quote that is never closed',
    'a,b\n1,"2\n3,4\n',
    /a quote that opens in line 2 is never closed/,
  ],
  [
    'UTF-16',
    Buffer.from('\uFEFFa,b\n1,2\n', 'utf16le'),
    /is text in UTF-16; save it as CSV in UTF-8/,
  ],
  ['bytes that are no text', Buffer.from([1, 0, 2, 0]), /is no text/],
  ['nothing', '', /is empty/],
  [
    'only images that are not there',
    'file,label\na.png,1\nb.png,2\n',
    /has no row that can be used: x.csv:2 there is no image a.png/,
  ],
])('a table with %s is refused by name', async (_, content, message) => {
  const path = await folder({ 'x.csv': content });
  await expect(recognise(path)).rejects.toThrow(message);
  await expect(recognise(path)).rejects.toMatchObject({ code: 'BAD_DATA' });
});

async function rowsOf(file: string, from: CsvPosition): Promise<CsvRow[]> {
  const all: CsvRow[] = [];
  for await (const rows of csvRows(file, ',', from)) all.push(...rows);
  return all;
}

test('rows are those that csv-parse finds, and reading can begin at each', async () => {
  const path = await folder();
  const cell = fc.string({
    unit: fc.constantFrom('a', '1', '"', ',', '\n', ' ', 'é', ';'),
    maxLength: 6,
  });
  const quote = (text: string) =>
    /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  let n = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(cell, { minLength: 2, maxLength: 3 }), { minLength: 1, maxLength: 8 }),
      async (table) => {
        const text = table.map((cells) => cells.map(quote).join(',')).join('\n');
        const file = join(path, `${n++}.csv`);
        await writeFile(file, text);
        const rows = await rowsOf(file, { offset: 0, line: 1 });
        const expected = parse(text, {
          relax_column_count: true,
          skip_empty_lines: true,
        }) as string[][];
        expect(rows.map(({ cells }) => cells)).toEqual(expected);
        for (const { at, cells } of rows) {
          const [again] = await rowsOf(file, at);
          expect(again!.cells).toEqual(cells);
        }
      },
    ),
    { numRuns: 50 },
  );
  expect(await csvFormat(join(path, '0.csv'))).toMatchObject({ start: { offset: 0, line: 1 } });
});

test('a table of names alone, or of classes alone, is nothing to train on', async () => {
  for (const text of ['a,b,c\n', 'label\ncat\ndog\ncat\n'])
    await expect(recognise(join(await folder({ 'names.csv': text }), 'names.csv'))).rejects.toThrow(
      /names\.csv has no column of numbers or images/,
    );
});
