import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { digits } from '../data/sources/make.ts';
import { run } from './command.ts';

const goldens = join(import.meta.dirname, '../../goldens/data');
const files = await mkdtemp(join(tmpdir(), 'matryoshka-data-cli-'));
afterAll(() => rm(files, { recursive: true, force: true }));

async function put(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(files, path)), { recursive: true });
  await writeFile(join(files, path), content);
}

beforeAll(async () => {
  const { images, labels } = await digits(60);
  const raw = { width: 28, height: 28, channels: 1 } as const;
  const named = ['file,label'];
  const pixels = [['label', ...Array.from({ length: 784 }, (_, i) => `pixel${i}`)].join(',')];
  for (const [i, image] of images.entries()) {
    const png = await sharp(image, { raw }).png().toBuffer();
    await put(`classes/${labels[i]}/${i}.png`, png);
    await put(`flat/${i}.jpg`, await sharp(image, { raw }).jpeg().toBuffer());
    await put(`pairs/noisy/${i}.png`, png);
    await put(`pairs/clean/${i}.png`, png);
    await put(`table/images/${i}.webp`, await sharp(image, { raw }).webp().toBuffer());
    named.push(`images/${i}.webp,${labels[i]}`);
    pixels.push([labels[i], ...image].join(','));
  }
  await put('table/labels.csv', named.join('\n'));
  await put('digits.csv', pixels.join('\n'));
  await put('classes/3/broken.png', 'no picture');
});

describe('data', () => {
  test.each([
    ['classes', 'image-classes', 60],
    ['flat', 'images', 60],
    ['pairs', 'image-pairs', 60],
    ['table', 'csv-images', 60],
    ['digits.csv', 'csv', 60],
    [join(goldens, 'parquet/hub'), 'parquet', 80],
    [join(goldens, 'numpy/keras.npz'), 'numpy', 10],
  ])('tells what %s holds', async (name, kind, samples) => {
    const { code, stdout } = await run([
      'data',
      join(name.startsWith('/') ? '' : files, name),
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ kind, samples });
  });

  test('says what is wrong, and how the columns meet a model', async () => {
    const { stdout } = await run(['data', join(files, 'classes'), '--for', 'classifier']);
    expect(stdout).toMatch(/unreadable {2}3\/broken\.png: .*; left out/);
    expect(stdout).toContain('The task classify fits the model');
    expect(stdout).toContain('output head takes label as index');
  });

  test('takes corrections, and names a wrong one', async () => {
    const path = join(files, 'classes');
    const { stdout } = await run(['data', path, '--kind', 'images', '--json']);
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'images', samples: 60 });
    const wrong = await run(['data', join(files, 'digits.csv'), '--column', 'label=colour']);
    expect(wrong).toMatchObject({ code: 1 });
    expect(wrong.stderr).toContain('recognise.columns.label');
  });
});

describe('train', () => {
  test.each([
    ['classifier', 'classes', []],
    ['autoencoder', 'flat', []],
    ['autoencoder', 'pairs', ['--task', 'image-to-image']],
    [
      'autoencoder',
      'classes',
      ['--task', 'denoise', '--noise', 'masking', '--noise-amount', '0.2'],
    ],
    ['classifier', 'table', ['--validation', '0.25', '--augment', 'rotation=0.05']],
    ['classifier', 'digits.csv', []],
    ['classifier', join(goldens, 'parquet/hub'), []],
  ])('%s on %s %s', async (model, name, flags) => {
    const data = name.startsWith('/') ? name : join(files, name);
    const out = join(files, 'runs', `${model}-${flags.join('')}-${name.replaceAll('/', '')}`);
    const fixed = ['--epochs', '1', '--batch-size', '32', '--engine', 'onnx', '--json'];
    const { code, stdout } = await run([
      'train',
      model,
      '--data',
      data,
      ...flags,
      ...fixed,
      '--out',
      out,
    ]);
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; state?: string; message?: string });
    expect(events.find(({ event }) => event === 'error')).toBeUndefined();
    expect(events.at(-1)).toMatchObject({ event: 'done', state: 'finished' });
    expect(code).toBe(0);
    const { data: kept } = JSON.parse(await readFile(join(out, 'run.json'), 'utf8')) as {
      data: { hash: string; samples: number };
    };
    expect(kept.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(kept.samples).toBeGreaterThanOrEqual(60);
  });
});
