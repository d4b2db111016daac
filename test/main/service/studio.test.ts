import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openStudio } from '../../../main/service/studio.ts';
import { serveWeb } from '../../../main/web/server.ts';
import type { Project, RunSummary } from '../../../shared/api/contract.ts';
import type { RunEvent } from '../../../shared/api/events.ts';
import { openWindow, quiet } from '../web/window.ts';
import { behaving, folder, startTrainer, training } from './setting.ts';

const place = join(folder, 'project');
const studio = await openStudio({ folder: place, host: 'web', startTrainer });
const pages = join(import.meta.dirname, '../../../renderer');
const host = await serveWeb(studio, { folder: pages });
afterAll(async () => {
  await studio.close();
  await host.close();
});

/** A window that gathers what it is told. */
async function watch() {
  const told: RunEvent[] = [];
  const runs = new Map<string, RunSummary | null>();
  const waiting = new Set<() => void>();
  const window = await openWindow(host.url, {
    ...quiet,
    runEvents(_, events) {
      told.push(...events);
      waiting.forEach((look) => look());
    },
    runChanged(id, summary) {
      runs.set(id, summary);
      waiting.forEach((look) => look());
    },
  });
  const until = (wanted: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => wanted() && resolve();
      waiting.add(look);
      look();
    });
  return { ...window, told, runs, until };
}

const numbers = (events: readonly RunEvent[]) => events.map((event) => event.seq);
const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

test('a window gets the project, its data and its engines', async () => {
  const { service, close } = await openWindow(host.url);
  const snapshot = await service.snapshot();
  expect(snapshot).toMatchObject({
    host: 'web',
    project: { folder: place, training },
    runs: [],
    datasets: [
      { data: 'mnist', builtIn: true, facts: { samples: 70_000 } },
      { data: 'fashion-mnist' },
      { data: 'kmnist' },
      { data: 'cifar10' },
    ],
  });
  expect(snapshot.version).toMatch(/^\d+\.\d+\.\d+/);
  const [first, second] = await Promise.all([
    service.engines({ benchmark: false }),
    service.engines({ benchmark: false }),
  ]);
  expect(first).toMatchObject([{ engine: 'onnx', works: true }]);
  expect(second).toEqual(first);
  expect(await service.prove({ model: 'encoder' })).toMatchObject({
    model: 'encoder',
    holds: true,
  });
  close();
});

test('what one window saves the others are told; the second change of one version is refused', async () => {
  const told: string[] = [];
  const hear = (name: string) => ({
    ...quiet,
    projectChanged: ({ training: { epochs } }: Project) => void told.push(`${name} ${epochs}`),
  });
  const one = await openWindow(host.url, hear('one'));
  const two = await openWindow(host.url, hear('two'));
  const { project } = await one.service.snapshot();
  const save = (window: typeof one, epochs: number, revision?: string) =>
    window.service.saveProject({
      model: project.model,
      training: { ...training, epochs },
      revision,
    });
  const outcomes = await Promise.allSettled([
    save(one, 41, project.revision),
    save(two, 42, project.revision),
  ]);
  const first = outcomes.findIndex(({ status }) => status === 'fulfilled');
  expect(outcomes[1 - first]).toMatchObject({
    status: 'rejected',
    reason: { code: 'PROJECT_CHANGED' },
  });
  await expect.poll(() => told).toEqual([first === 0 ? 'two 41' : 'one 42']);
  const now = (await two.service.snapshot()).project;
  expect(now.training.epochs).toBe(first === 0 ? 41 : 42);
  expect(await save(two, 43, now.revision)).not.toBe(now.revision);
  await save(one, project.training.epochs);
  one.close();
  two.close();
});

test('data that can not be opened is said, and the project opens', async () => {
  const { service, close } = await openWindow(host.url);
  const { project } = await service.snapshot();
  await service.saveProject({ model: project.model, training: { ...training, data: 'nowhere' } });
  const { datasets } = await service.snapshot();
  expect(datasets.slice(0, 2)).toMatchObject([
    { data: 'nowhere', state: 'missing' },
    { data: 'mnist' },
  ]);
  await service.saveProject({ model: project.model, training });
  expect((await service.datasets())[0]).toMatchObject({ data: 'mnist', state: 'new' });
  close();
});

test('two windows see the same run, whole and in order, and a third that comes later too', async () => {
  const [one, two] = [await watch(), await watch()];
  const run = await one.service.startRun(behaving('steps=100000&pause=3'));
  await two.until(() => two.told.length > 20);
  const three = await watch();
  const snapshot = await three.service.snapshot();
  const known = snapshot.runs.find(({ id }) => id === run.id)!;
  const stored = await three.service.runEvents({ id: run.id, after: 0 });
  expect(stored.length).toBeGreaterThanOrEqual(known.seq);
  await three.until(() => three.told.length > 10);
  await two.service.stopRun({ id: run.id, discard: false });
  const ended = (window: typeof one) =>
    window.until(() => window.runs.get(run.id)?.state === 'stopped');
  await Promise.all([ended(one), ended(two), ended(three)]);
  const { seq } = one.runs.get(run.id)!;
  expect(numbers(one.told)).toEqual(upTo(seq));
  expect(two.told).toEqual(one.told);
  const joined = [...stored, ...three.told.filter((event) => event.seq > stored.at(-1)!.seq)];
  expect(joined).toEqual(one.told);
  [one, two, three].forEach((window) => window.close());
});

test('a window that loses its connection in mid-run misses nothing', async () => {
  const before = await watch();
  const run = await before.service.startRun(behaving('steps=100000&pause=3'));
  await before.until(() => before.told.length > 10);
  before.socket.terminate();
  await before.closed;
  await expect(before.service.snapshot()).rejects.toMatchObject({ code: 'CLOSED' });
  const after = await watch();
  const last = before.told.at(-1)!.seq;
  const missed = await after.service.runEvents({ id: run.id, after: last });
  await after.until(() => after.told.length > 10);
  await after.service.stopRun({ id: run.id, discard: false });
  await after.until(() => after.runs.get(run.id)?.state === 'stopped');
  const rest = after.told.filter((event) => event.seq > (missed.at(-1)?.seq ?? last));
  const all = [...before.told, ...missed, ...rest];
  expect(numbers(all)).toEqual(upTo(after.runs.get(run.id)!.seq));
  after.close();
});

test('images come from the run', async () => {
  const { service, runs, until, close } = await watch();
  const run = await service.startRun(behaving('steps=3', 1));
  await until(() => runs.get(run.id)?.state === 'finished');
  expect([...(await service.runImages({ id: run.id, picture: 'input' }))]).toEqual([1, 2, 3]);
  expect([...(await service.runImages({ id: run.id, picture: 3 }))]).toEqual([1]);
  await expect(service.runImages({ id: run.id, picture: 2 })).rejects.toMatchObject({
    code: 'NO_SUCH_IMAGES',
  });
  await service.stopRun({ id: run.id, discard: true });
  expect(existsSync(run.folder)).toBe(false);
  await until(() => runs.get(run.id) === null);
  close();
});

test('closing the studio stops its runs, each with a checkpoint', async () => {
  const other = await openStudio({ folder: join(folder, 'closing'), host: 'web', startTrainer });
  const first = await other.service.startRun(behaving('steps=1000&pause=5'));
  const second = await other.service.startRun(behaving('steps=1000&pause=5'));
  const { setTimeout: pause } = await import('node:timers/promises');
  while (other.activeRuns().find(({ id }) => id === first.id)!.lastStep < 3) await pause(10);
  await other.close();
  expect(other.activeRuns()).toEqual([]);
  const { runs } = await other.service.snapshot();
  expect(runs.map(({ id, state }) => [id, state])).toEqual([
    [first.id, 'stopped'],
    [second.id, 'stopped'],
  ]);
  const events = await other.service.runEvents({ id: first.id, after: 0 });
  expect(events.map((event) => event.type)).toContain('checkpoint');
});
