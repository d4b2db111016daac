import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterAll, expect, test } from 'vitest';
import { readEvents } from '../../../main/service/event-log.ts';
import { createDownloads } from '../../../main/service/downloads.ts';
import { createRunLibrary } from '../../../main/service/run-library.ts';
import { eventsFile, runFile } from '../../../main/service/run-record.ts';
import { createRuns } from '../../../main/service/runs.ts';
import type { RunSummary } from '../../../shared/api/contract.ts';
import { behaving, folder, model, startTrainer } from './setting.ts';

const within = { timeout: 60_000 };
const opened: { close(): void }[] = [];
const downloads = createDownloads();
afterAll(async () => {
  opened.forEach((runs) => runs.close());
  await downloads.close();
});

/** A project with its library, and what was told of it. */
async function open(name: string) {
  const project = join(folder, name);
  const told: [string, RunSummary | null][] = [];
  const changed = (id: string, summary: RunSummary | null) => void told.push([id, summary]);
  const runs = createRuns(join(project, 'runs'), startTrainer, { events: () => {}, changed });
  opened.push(runs);
  const library = await createRunLibrary({ project, runs, downloads }, changed);
  const finished = async (query = 'steps=2') => {
    const { id } = await runs.start(model, behaving(query, 1));
    await expect
      .poll(() => told.findLast(([one]) => one === id)?.[1]?.state, within)
      .toBe('finished');
    return id;
  };
  return { project, told, runs, library, service: library.service, finished };
}

test('tags and notes lie in the run, are told, and are there at the next start', async () => {
  const { library, service, finished, told } = await open('labels');
  const id = await finished();
  const label = { tags: ['latent 16', 'keep'], note: 'The first one.\nGood.' };
  await service.labelRun({ id, label });
  expect(told.at(-1)).toEqual([id, expect.objectContaining(label)]);
  expect((await library.list())[0]).toMatchObject(label);
  const again = await open('labels');
  expect((await again.library.list())[0]).toMatchObject({ id, ...label });
  await writeFile(join(folder, 'labels/runs', id, 'label.json'), '{"tags": 3');
  const [run] = await again.library.list();
  expect(run).toMatchObject({ id, state: 'finished' });
  expect(run!.tags).toBeUndefined();
});

test('a deleted run comes back with all it had, until the trash is emptied', async () => {
  const { project, library, service, finished, runs, told } = await open('trash');
  const [kept, dropped] = [await finished(), await finished()];
  const files = async (id: string) =>
    (await readdir(join(project, 'runs', id), { recursive: true })).sort();
  const before = await files(dropped);
  await service.deleteRuns({ ids: [dropped] });
  expect(told.at(-1)).toEqual([dropped, null]);
  expect((await library.list()).map(({ id }) => id)).toEqual([kept]);
  await service.restoreRuns({ ids: [dropped] });
  expect(told.at(-1)).toEqual([dropped, expect.objectContaining({ state: 'finished' })]);
  expect(await files(dropped)).toEqual(before);

  const active = await runs.start(model, behaving('steps=1000&pause=5'));
  await expect(service.deleteRuns({ ids: [kept, active.id] })).rejects.toMatchObject({
    code: 'RUN_ACTIVE',
  });
  expect((await library.list()).map(({ id }) => id)).toEqual([kept, dropped, active.id]);
  await runs.stop(active.id, false);

  await service.deleteRuns({ ids: [kept, dropped] });
  await open('trash');
  expect(existsSync(join(project, 'runs/.trash'))).toBe(false);
  await expect(service.restoreRuns({ ids: [kept] })).rejects.toMatchObject({ code: 'NO_SUCH_RUN' });
});

test('a zipped run is taken into another project with its events, files, tags and note', async () => {
  const [from, to] = [await open('from'), await open('to')];
  const id = await from.finished();
  const own = await to.finished();
  const label = { tags: ['moved'], note: 'äöü 训练' };
  await from.service.labelRun({ id, label });
  const { file, bytes } = await from.service.zipRun({ id, file: null });
  expect(file).toContain(join(from.project, 'exports'));
  expect((await readFile(file)).length).toBe(bytes);

  const moved = await to.service.importRun({ path: file });
  expect(moved).toMatchObject({ number: 2, state: 'finished', ...label });
  expect((await to.library.list()).map((run) => run.id)).toEqual([own, moved.id]);
  const place = join(from.project, 'runs', id);
  expect(await readEvents(eventsFile(moved.folder))).toEqual(await readEvents(eventsFile(place)));
  const listed = async (of: string) => (await readdir(of, { recursive: true })).sort();
  expect(await listed(moved.folder)).toEqual(await listed(place));

  const { url, name } = await from.service.downloadRun({ id });
  expect(name).toBe(`${id}.zip`);
  const download = await downloads.find(url.replace('/download/', ''));
  expect(download?.bytes).toBe(bytes);

  const again = await from.service.zipRun({ id, file: null });
  expect(again.file).not.toBe(file);
  await expect(from.service.zipRun({ id, file })).rejects.toThrow(/exists already/);
});

test('a run folder is taken in as a copy; one that was under way counts as interrupted', async () => {
  const [from, to] = [await open('folder-from'), await open('folder-to')];
  const run = await from.runs.start(model, behaving('steps=1000&pause=5'));
  await expect.poll(() => from.runs.active()[0]?.state, within).toBe('training');
  await expect(from.service.zipRun({ id: run.id, file: null })).rejects.toMatchObject({
    code: 'RUN_ACTIVE',
  });
  const copy = join(folder, 'a copy of it');
  await cp(run.folder, copy, { recursive: true, filter: (file) => !file.endsWith('.part') });
  await from.runs.stop(run.id, false);
  await symlink('/etc/hostname', join(copy, 'link'));
  const taken = await to.service.importRun({ path: copy });
  expect(taken).toMatchObject({ state: 'failed', error: { code: 'INTERRUPTED' }, number: 1 });
  expect(await readdir(taken.folder)).not.toContain('link');
  expect(existsSync(copy)).toBe(true);
  await expect(to.service.importRun({ path: taken.folder })).rejects.toMatchObject({
    code: 'RUN_EXISTS',
  });
});

test('what is no run, is broken or leads out of the folder is refused and leaves nothing behind', async () => {
  const { project, service, finished } = await open('hostile');
  const id = await finished();
  const place = join(project, 'runs', id);
  const record = new Uint8Array(await readFile(runFile(place)));
  const events = new Uint8Array(await readFile(eventsFile(place)));
  const there = async () =>
    (await readdir(join(project, 'runs'), { recursive: true }))
      .filter((name) => name !== '.trash')
      .sort();
  const before = await there();
  const refuse = async (files: Record<string, Uint8Array>, reason: RegExp) => {
    const file = join(folder, 'hostile.zip');
    await writeFile(file, zipSync(files));
    await expect(service.importRun({ path: file })).rejects.toThrow(reason);
    expect(await there()).toEqual(before);
  };
  const good = { 'run.json': record, 'events.jsonl': events };
  await refuse({ 'notes.txt': events }, /no run\.json/);
  await refuse({ ...good, '../../evil.txt': events }, /evil|relative/);
  await refuse({ ...good, '/etc/evil.txt': events }, /evil|absolute/);
  await refuse({ 'a/run.json': record, 'b/run.json': record }, /2 runs/);
  await refuse({ ...good, 'run.json': new TextEncoder().encode('{"version": 2}') }, /version/);
  await refuse({ ...good, 'events.jsonl': events.subarray(0, 40) }, /events/);
  await refuse({ 'run.json': record }, /events\.jsonl/);
  expect(existsSync(join(folder, 'evil.txt'))).toBe(false);

  const zip = zipSync({ ...good, 'zeros.bin': new Uint8Array(4_000_000) });
  const torn = join(folder, 'torn.zip');
  await writeFile(torn, zip.subarray(0, zip.length - 40));
  await expect(service.importRun({ path: torn })).rejects.toMatchObject({ code: 'NO_SUCH_RUN' });
  // The size that the directory promises is not the size of what is packed.
  const lying = Buffer.from(zip);
  for (let at = 0; (at = lying.indexOf('PK\x01\x02', at, 'latin1')) >= 0; at += 4)
    if (lying.readUInt32LE(at + 24) === 4_000_000) lying.writeUInt32LE(1000, at + 24);
  await writeFile(torn, lying);
  await expect(service.importRun({ path: torn })).rejects.toThrow(/size|bytes|promised/);
  expect(await there()).toEqual(before);
  await mkdir(join(folder, 'empty'));
  await expect(service.importRun({ path: join(folder, 'empty') })).rejects.toThrow(/no run\.json/);
  await expect(service.importRun({ path: 'nowhere' })).rejects.toThrow(/nowhere/);
});

test('weights of runs are compared by path; one without a checkpoint says so', async () => {
  const { service, finished, runs } = await open('distances');
  const [a, b] = [await finished(), await finished()];
  const { steps, distances } = await service.weightDistances({ ids: [a, b] });
  expect(steps).toHaveLength(2);
  expect(distances[0]).toBeNull();
  await expect(service.weightDistances({ ids: [a, 'none'] })).rejects.toMatchObject({
    code: 'NO_SUCH_RUN',
  });
  expect(runs.active()).toEqual([]);
});
