import { fork } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, cp, mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readEvents } from '../../../main/service/event-log.ts';
import { eventsFile, lockFile, runFile } from '../../../main/service/run-record.ts';
import { createRuns } from '../../../main/service/runs.ts';
import type { RunSummary } from '../../../shared/api/contract.ts';
import { bundleProgram } from './bundle.ts';
import { behaving, folder, model, startTrainer, trainerProgram } from './setting.ts';

const quiet = { events: () => {}, changed: () => {} };

/** The runs of a folder, and a way to wait for what is told about them. */
function open(name: string) {
  const changes: [string, RunSummary | null][] = [];
  const waiting = new Set<() => void>();
  const runs = createRuns(join(folder, name), startTrainer, {
    events: () => waiting.forEach((look) => look()),
    changed: (id, summary) => {
      changes.push([id, summary]);
      waiting.forEach((look) => look());
    },
  });
  const until = (wanted: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => wanted() && resolve();
      waiting.add(look);
      look();
    });
  const state = (id: string) => changes.findLast(([changed]) => changed === id)?.[1]?.state;
  return { runs, changes, until, state };
}

test('runs are numbered and train one after the other', async () => {
  const { runs, until, state } = open('queue');
  expect(await runs.list()).toEqual([]);
  const [first, second] = await Promise.all([
    runs.start(model, behaving('steps=20&pause=5', 1)),
    runs.start(model, behaving('steps=2', 1)),
  ]);
  expect([first.number, second.number]).toEqual([1, 2]);
  await until(() => state(first.id) === 'training');
  expect((await runs.list()).map((run) => run.state)).toEqual(['training', 'queued']);
  expect(runs.active()).toHaveLength(2);
  await until(() => state(second.id) === 'finished');
  expect(state(first.id)).toBe('finished');
  expect(runs.active()).toEqual([]);
  expect(await createRuns(join(folder, 'queue'), startTrainer, quiet).list()).toEqual(
    await runs.list(),
  );
});

test('a run can be stopped, and discarded with its folder', async () => {
  const { runs, changes, until, state } = open('stop');
  const kept = await runs.start(model, behaving('steps=1000&pause=5'));
  const dropped = await runs.start(model, behaving('steps=1000&pause=5'));
  await until(() => state(kept.id) === 'training');
  await runs.stop(kept.id, false);
  expect(state(kept.id)).toBe('stopped');
  await until(() => state(dropped.id) === 'training');
  await runs.stop(dropped.id, true);
  expect(changes.at(-1)).toEqual([dropped.id, null]);
  expect(await readdir(join(folder, 'stop'))).toEqual([kept.id]);
  await runs.stop(kept.id, true);
  expect(await runs.list()).toEqual([]);
  await expect(runs.stop(kept.id, true)).rejects.toMatchObject({ code: 'NO_SUCH_RUN' });
});

test('a queued run that is stopped lets nobody overtake', async () => {
  const { runs, until, state } = open('overtake');
  const settings = behaving('steps=1000&pause=5');
  const [first, second, third] = [
    await runs.start(model, settings),
    await runs.start(model, settings),
    await runs.start(model, settings),
  ];
  await until(() => state(first.id) === 'training');
  await runs.stop(second.id, false);
  expect(state(second.id)).toBe('stopped');
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(state(third.id)).toBe('queued');
  await runs.stop(first.id, false);
  await until(() => state(third.id) === 'training');
  await runs.stop(third.id, false);
});

test('a run whose service was killed failed, and says what was saved', async () => {
  const place = join(folder, 'killed');
  const program = await bundleProgram(
    join(import.meta.dirname, 'service-child.ts'),
    join(import.meta.dirname, '../../../node_modules/.cache/test/service-child.mjs'),
  );
  const service = fork(program, [place, trainerProgram, 'steps=10&pause=5'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    execArgv: [],
  });
  for await (const chunk of service.stdout!)
    if (
      String(chunk)
        .split('\n')
        .some((line) => Number(line) >= 25)
    )
      break;
  const alive = await createRuns(place, startTrainer, quiet).list();
  const elsewhere = { pid: service.pid, host: hostname() };
  expect(alive).toMatchObject([{ state: 'training', elsewhere }]);
  service.kill('SIGKILL');
  await once(service, 'exit');
  const id = (await readdir(place)).find((name) => !name.startsWith('.'));
  await appendFile(eventsFile(join(place, id!)), '{"seq":9999,"ty');

  const [run] = await createRuns(place, startTrainer, quiet).list();
  expect(run).toMatchObject({ id, number: 1, state: 'failed', error: { code: 'INTERRUPTED' } });
  expect(run).not.toHaveProperty('elsewhere');
  expect(run!.lastStep).toBeGreaterThanOrEqual(25);
  expect(run!.error?.saved).toMatch(/the weights of step \d+ .*the history up to step \d+/);
  const events = await readEvents(eventsFile(run!.folder));
  expect(events.at(-1)).toMatchObject({ type: 'state', state: 'failed', seq: run!.seq });
  expect(await readdir(run!.folder)).not.toContain('.reserve');
  expect(await createRuns(place, startTrainer, quiet).list()).toEqual([run]);
});

test('who has a run is known by its process, not by a clock or a number that was given anew', async () => {
  const place = join(folder, 'pid');
  const { runs, until, state } = open('pid');
  const run = await runs.start(model, behaving('steps=2', 1));
  await until(() => state(run.id) === 'finished');
  const text = await readFile(runFile(run.folder), 'utf8');
  await writeFile(runFile(run.folder), text.replace('"finished"', '"training"'));
  const log = await readFile(eventsFile(run.folder), 'utf8');
  await writeFile(eventsFile(run.folder), log.trimEnd().split('\n').slice(0, -1).join('\n') + '\n');
  const lock = lockFile(run.folder);
  const stat = await readFile(`/proc/${process.ppid}/stat`, 'utf8');
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  const owner = { pid: process.ppid, host: hostname(), began };
  const old = new Date(Date.now() - 3_600_000);

  await writeFile(lock, JSON.stringify(owner));
  await utimes(lock, old, old);
  const [alive] = await createRuns(place, startTrainer, quiet).list();
  expect(alive?.state).toBe('training');
  await writeFile(lock, JSON.stringify({ ...owner, began: '1' }));
  const [stale] = await createRuns(place, startTrainer, quiet).list();
  expect(stale).toMatchObject({ state: 'failed', error: { code: 'INTERRUPTED' } });
});

test('folders that hold no readable run are shown with the reason and left alone', async () => {
  const place = join(folder, 'damaged');
  const { runs, until, state } = open('damaged');
  const good = await runs.start(model, behaving('steps=2', 1));
  await until(() => state(good.id) === 'finished');
  await cp(good.folder, join(place, '0007-copied'), { recursive: true });
  await cp(good.folder, join(place, '0008-broken'), { recursive: true });
  await writeFile(runFile(join(place, '0008-broken')), '{"version": 1, "id": ');
  await cp(good.folder, join(place, '0009-other'), { recursive: true });
  await writeFile(runFile(join(place, '0009-other')), '{"version": 2}');
  await mkdir(join(place, '0010-empty'));
  await writeFile(join(place, 'a file'), '');
  const fresh = createRuns(place, startTrainer, quiet);
  const list = await fresh.list();
  expect(list.map(({ id, state, error }) => [id, state, error?.code])).toEqual([
    [good.id, 'finished', undefined],
    ['0007-copied', 'finished', undefined],
    ['0008-broken', 'failed', 'RUN_DAMAGED'],
    ['0009-other', 'failed', 'RUN_DAMAGED'],
    ['0010-empty', 'failed', 'NO_SUCH_RUN'],
  ]);
  expect(list[3]?.error?.message).toContain('version');
  const next = await fresh.start(model, behaving('steps=2', 1));
  expect(next.number).toBe(11);
  await fresh.stop(next.id, false);
});
