import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, test } from 'vitest';
import { openStudio } from '../../../main/service/studio.ts';
import type { DataImport, DataOrigin, DatasetEntry } from '../../../shared/api/data.ts';
import { serveWeb } from '../../../main/web/server.ts';
import { digits } from '../data/sources/make.ts';
import { openWindow, quiet } from '../web/window.ts';
import { folder, startTrainer } from './setting.ts';

const pages = join(folder, 'renderer');
await mkdir(pages, { recursive: true });
await writeFile(join(pages, 'index.html'), '<!doctype html>');
const project = join(folder, 'project');
const studio = await openStudio({ folder: project, host: 'web', startTrainer });
const host = await serveWeb(studio, { folder: pages });
const ended = new Map<string, DataImport>();
let listed: readonly DatasetEntry[] = [];
const { service, close } = await openWindow(host.url, {
  ...quiet,
  importChanged: (data) => {
    if (data.state !== 'running') ended.set(data.id, data);
  },
  datasetsChanged: (datasets) => void (listed = datasets),
});
afterAll(async () => {
  close();
  await host.close();
  await studio.close();
});

const { images, labels } = await digits(70);
const png = (i: number) =>
  sharp(images[i]!, { raw: { width: 28, height: 28, channels: 1 } })
    .png()
    .toBuffer();

/** A folder of digits, a folder a class. */
async function digitFolder(name: string, count: number): Promise<string> {
  const place = join(folder, name);
  for (let i = 0; i < count; i++) {
    await mkdir(join(place, String(labels[i])), { recursive: true });
    await writeFile(join(place, String(labels[i]), `${i}.png`), await png(i));
  }
  return place;
}

/** Imports, and gives how it ended. */
async function imported(origin: DataOrigin): Promise<DataImport> {
  const id = await service.importData(origin);
  await expect.poll(() => ended.get(id), { timeout: 20_000 }).toBeDefined();
  return ended.get(id)!;
}

const entry = (data: string) => listed.find((one) => one.data === data);

test('a folder is imported, listed, and looked at in pages with pictures', async () => {
  const place = await digitFolder('digits', 70);
  expect(await imported({ paths: [place] })).toMatchObject({ state: 'done', data: place });
  expect(entry(place)).toMatchObject({ name: 'digits', state: 'ready', facts: { samples: 70 } });
  const report = await service.dataReport({ data: place });
  const label = report.statistics.find(({ column }) => column === 'label')!;
  expect(label.counts!.all).toEqual(
    Array.from({ length: 10 }, (_, digit) => labels.filter((one) => one === digit).length),
  );
  const query = { data: place, filter: { label: 7 }, from: 1, count: 3, side: 28 };
  const page = await service.samples(query);
  expect(page.total).toBe(labels.filter((one) => one === 7).length);
  expect(page.samples.map((sample) => sample.label)).toEqual([7, 7, 7]);
  const seventh = labels
    .flatMap((one, i) => (one === 7 ? [i] : []))
    .map(String)
    .sort()[1]!;
  expect(page.samples[0]!.name).toBe(`7/${seventh}.png`);
  const raw = await sharp(page.pictures)
    .extractChannel(0)
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect([raw.info.width, raw.info.height]).toEqual([84, 28]);
  const first = Array.from({ length: 28 }, (_, y) => [...raw.data.subarray(y * 84, y * 84 + 28)]);
  expect(first.flat()).toEqual([...images[Number(seventh)]!]);
  const none = await service.samples({ ...query, filter: { label: 7, split: 'test' } });
  expect(none).toMatchObject({ total: 0, samples: [] });
});

test('data that change are said to, and are imported anew; data that vanish are said to, too', async () => {
  const place = await digitFolder('changing', 20);
  await imported({ paths: [place] });
  const before = (await service.dataReport({ data: place })).hash;
  await service.checkData({ data: place });
  expect(entry(place)).toMatchObject({ state: 'ready' });
  await writeFile(join(place, '7/more.png'), await png(40));
  await service.checkData({ data: place });
  expect(entry(place)).toMatchObject({ state: 'changed' });
  await imported({ paths: [place] });
  expect(entry(place)).toMatchObject({ state: 'ready', facts: { samples: 21 } });
  expect((await service.dataReport({ data: place })).hash).not.toBe(before);
  await rename(place, `${place}-elsewhere`);
  await service.checkData({ data: place });
  expect(entry(place)).toMatchObject({ state: 'missing' });
  expect(await imported({ paths: [place] })).toMatchObject({
    state: 'failed',
    error: { code: 'NO_SUCH_DATA', message: expect.stringContaining(place) as string },
  });
  await rename(`${place}-elsewhere`, place);
  await imported({ paths: [place] });
  expect(entry(place)).toMatchObject({ state: 'ready' });
});

test('several files are one dataset, which goes when it is taken off the list; a folder stays', async () => {
  const files = join(folder, 'loose');
  await mkdir(files);
  const paths = [0, 1, 2].map((i) => join(files, `${i}.png`));
  for (const [i, path] of paths.entries()) await writeFile(path, await png(i));
  const { state, data } = await imported({ paths });
  expect(state).toBe('done');
  expect(data!.startsWith(join(project, 'data'))).toBe(true);
  expect(entry(data!)).toMatchObject({ name: '0.png +2', facts: { samples: 3, kind: 'images' } });
  await service.forgetData({ data: data! });
  expect(entry(data!)).toBeUndefined();
  await expect(stat(data!)).rejects.toMatchObject({ code: 'ENOENT' });
  expect(await readFile(paths[0]!)).toEqual(await png(0));

  const place = await digitFolder('kept', 10);
  await imported({ paths: [place] });
  await service.forgetData({ data: place });
  expect(entry(place)).toBeUndefined();
  await stat(place);
  await expect(service.dataReport({ data: place })).rejects.toMatchObject({ code: 'NOT_IMPORTED' });
});

test('an import is cancelled, and a new one of the same data takes its place', async () => {
  const place = await digitFolder('again', 60);
  const first = await service.importData({ paths: [place] });
  const second = await service.importData({ paths: [place] });
  await expect.poll(() => ended.get(second)?.state, { timeout: 20_000 }).toBe('done');
  expect(ended.get(first)!.state).toMatch(/cancelled|done/);
  const third = await service.importData({ builtIn: 'mnist' });
  await service.cancelImport({ id: third });
  expect(ended.get(third)).toMatchObject({ state: 'cancelled', name: 'MNIST' });
});

test('the list of a project is there when it is opened again; a broken one is begun anew', async () => {
  const other = join(folder, 'other');
  const place = await digitFolder('known', 12);
  const open = () => openStudio({ folder: other, host: 'web', startTrainer });
  const before = await open();
  const id = await before.service.importData({ paths: [place] });
  await expect.poll(async () => (await before.service.datasets())[0]?.data).toBe(place);
  expect(id).toMatch(/^[0-9a-f]{16}$/);
  await before.close();
  const after = await open();
  expect((await after.service.datasets())[0]).toMatchObject({
    data: place,
    state: 'new',
    facts: { samples: 12 },
  });
  await after.close();
  await writeFile(join(other, 'datasets.json'), '{"version":1,"datasets":[null');
  const broken = await open();
  expect((await broken.service.datasets())[0]).toMatchObject({ data: 'mnist' });
  await broken.close();
  await rm(other, { recursive: true });
});
