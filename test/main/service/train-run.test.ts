import { readFileSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { newestCheckpoint } from '../../../main/formats/checkpoint.ts';
import { readEvents } from '../../../main/service/event-log.ts';
import { eventsFile, readRunRecord } from '../../../main/service/run-record.ts';
import { trainRun, type TrainRunOptions } from '../../../main/service/train-run.ts';
import type { RunSummary } from '../../../shared/api/contract.ts';
import type { RunEvent } from '../../../shared/api/events.ts';
import { setTrainable } from '../../../shared/keras/trainable.ts';
import { behaving, folder, model, startTrainer } from './setting.ts';

let count = 0;

/** Starts a run of the small trainer and gathers what it tells. */
async function begin(query: string, options: Partial<TrainRunOptions> = {}) {
  const told: RunEvent[] = [];
  const changes: RunSummary[] = [];
  const waiting: (() => void)[] = [];
  const place = join(folder, `run-${++count}`);
  const run = await trainRun({
    model,
    settings: behaving(query),
    folder: place,
    startTrainer,
    onEvents: (events) => {
      told.push(...events);
      waiting.forEach((look) => look());
    },
    onChange: (summary) => changes.push(summary),
    ...options,
  });
  const until = (wanted: (event: RunEvent) => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => told.some(wanted) && resolve();
      waiting.push(look);
      look();
    });
  return { run, told, changes, place, until };
}

test('a run that finishes leaves its whole history on disk', async () => {
  const { run, told, changes, place } = await begin('steps=5&diverge=3');
  const end = await run.done;
  expect(end).toMatchObject({ state: 'finished', lastStep: 10, number: 1 });
  expect(end.lastEpoch).toMatchObject({ epoch: 2, loss: 0.1 });
  expect(end.engine?.device).toBe('test');
  expect(told.map((event) => event.seq)).toEqual(told.map((_, index) => index + 1));
  expect(told.at(-1)).toMatchObject({ type: 'state', state: 'finished', seq: end.seq });
  const losses = told.flatMap((event) => (event.type === 'steps' ? event.losses : []));
  expect(losses).toEqual([1, 1 / 2, NaN, ...[4, 5, 6, 7, 8, 9, 10].map((step) => 1 / step)]);
  expect(await readEvents(eventsFile(place))).toEqual(told);
  expect(await readEvents(eventsFile(place), told.length - 2)).toEqual(told.slice(-2));
  expect(changes.at(-1)).toEqual(end);
  expect(await readRunRecord(place)).toMatchObject({ state: 'finished', seq: end.seq, model });
  expect((await newestCheckpoint(join(place, 'checkpoints')))?.step).toBe(10);
  expect((await readdir(place)).sort()).toEqual([
    'checkpoints',
    'events.jsonl',
    'images',
    'run.json',
  ]);
});

test('events are on disk when they are told', async () => {
  const seen: boolean[] = [];
  const place = join(folder, 'told');
  const { run } = await begin('steps=5', {
    folder: place,
    onEvents: (events) => {
      // Read at once, in the same tick.
      seen.push(readFileSync(eventsFile(place), 'utf8').includes(`{"seq":${events.at(-1)!.seq},`));
    },
  });
  await run.done;
  expect(seen.length).toBeGreaterThan(5);
  expect(seen).not.toContain(false);
});

test('a run that is stopped saves a checkpoint', async () => {
  const { run, place, until } = await begin('steps=1000&pause=5');
  await until((event) => event.type === 'steps');
  const end = await run.stop();
  expect(end.state).toBe('stopped');
  expect(end.error).toBeUndefined();
  expect((await newestCheckpoint(join(place, 'checkpoints')))?.step).toBe(end.lastStep);
});

test('a trainer that ignores the wish to stop is ended by signal', async () => {
  const { run, until } = await begin('steps=1000&pause=5&deaf', {
    limits: { silence: 5000, stopping: 300, ending: 300 },
  });
  await until((event) => event.type === 'steps');
  const end = await run.stop();
  expect(end).toMatchObject({ state: 'stopped', error: { code: 'TRAINER_KILLED' } });
  expect(end.error?.saved).toContain('no weights');
});

test('a run can be ended at once, and before it began', async () => {
  const first = await begin('steps=1000&pause=5&deaf');
  await first.until((event) => event.type === 'steps');
  expect(await first.run.kill()).toMatchObject({ state: 'stopped' });
  const queued = await begin('steps=5', { after: new Promise(() => {}) });
  expect(queued.run.summary().state).toBe('queued');
  expect(await queued.run.stop()).toMatchObject({ state: 'stopped', lastStep: 0, seq: 1 });
});

test('kill -9 on the trainer ends the run and says what was saved', async () => {
  const pids: number[] = [];
  const { run, until, told, place } = await begin('steps=10&pause=5', {
    settings: behaving('steps=10&pause=5', 1000),
    startTrainer: () => {
      const trainer = startTrainer();
      pids.push(trainer.pid!);
      return trainer;
    },
  });
  await until((event) => event.type === 'steps' && event.first === 15);
  process.kill(pids[0]!, 'SIGKILL');
  const end = await run.done;
  expect(end.state).toBe('failed');
  expect(end.error).toMatchObject({
    code: 'TRAINER_DIED',
    message: expect.stringContaining('SIGKILL') as string,
    saved: expect.stringMatching(/the weights of step \d+0 \(epoch \d+\)/) as string,
  });
  expect(end.error?.saved).toContain(`the history up to step ${end.lastStep}`);
  expect(await readEvents(eventsFile(place))).toEqual(told);
});

test('a trainer that crashes, exits or throws fails its run with the reason', async () => {
  const crash = await (await begin('crash=3')).run.done;
  expect(crash.error?.message).toContain('SIGABRT');
  const exit = await (await begin('exit=3')).run.done;
  expect(exit.error?.message).toContain('exit code 7');
  expect(exit.error?.message).toContain('the last words');
  const thrown = await (await begin('throw=3')).run.done;
  expect(thrown).toMatchObject({ state: 'failed', error: { code: 'BAD_DATA', message: 'bad' } });
  expect(thrown.error?.saved).toContain('step 2');
});

test('a trainer that can not be started fails its run', async () => {
  const program = join(folder, 'broken.mjs');
  await writeFile(program, 'throw new Error("broken from the start")');
  const { forkTrainer } = await import('../../../main/service/fork-trainer.ts');
  const { run } = await begin('', { startTrainer: () => forkTrainer(program) });
  const end = await run.done;
  expect(end).toMatchObject({ state: 'failed', error: { code: 'TRAINER_DIED' } });
  expect(end.error?.message).toContain('broken from the start');
});

test('a trainer that gives no sign of life is shown as silent until it does', async () => {
  const { run, changes } = await begin('steps=10&hang=5', {
    limits: { silence: 500, stopping: 5000, ending: 500 },
  });
  expect((await run.done).state).toBe('finished');
  const silent = changes.findIndex((summary) => summary.silentSince !== undefined);
  expect(silent).toBeGreaterThanOrEqual(0);
  expect(changes.slice(silent).some((summary) => summary.silentSince === undefined)).toBe(true);
});

test('a folder that holds a run is not overwritten', async () => {
  const { run, place } = await begin('steps=2');
  await run.done;
  const before = await readFile(join(place, 'run.json'), 'utf8');
  await expect(begin('steps=2', { folder: place })).rejects.toMatchObject({ code: 'RUN_EXISTS' });
  expect(await readFile(join(place, 'run.json'), 'utf8')).toBe(before);
});

test('a folder that can not be made is an error at once', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(begin('', { folder: join(folder, 'file', 'run') })).rejects.toThrow('file');
});

test('what is frozen in mid-run stands in the history and in the model of the record', async () => {
  const { run, told, until, place } = await begin('steps=100000&pause=3');
  await until((event) => event.type === 'steps');
  await run.setTrainable({ path: 'encoder', trainable: false });
  await until((event) => event.type === 'trainable');
  const frozen = setTrainable(model, 'encoder', false);
  expect(run.model()).toEqual(frozen);
  await expect(run.setTrainable({ path: 'encoder/no', trainable: false })).rejects.toThrow(
    /encoder has no no/,
  );
  await run.stop();
  expect(told.filter((event) => event.type === 'trainable')).toMatchObject([
    { path: 'encoder', trainable: false },
  ]);
  expect((await readRunRecord(place)).model).toEqual(frozen);
  await expect(run.setTrainable({ path: 'encoder', trainable: true })).rejects.toMatchObject({
    code: 'RUN_ENDED',
  });
});

test('what is frozen in a run that waits is frozen from its first step on', async () => {
  let free = () => {};
  const after = new Promise<void>((resolve) => (free = resolve));
  const { run, told } = await begin('steps=2', { after });
  await run.setTrainable({ path: 'encoder', trainable: false });
  expect(told).toMatchObject([{ type: 'trainable', step: 0, path: 'encoder', trainable: false }]);
  free();
  expect(await run.done).toMatchObject({ state: 'finished' });
  expect(run.model()).toEqual(setTrainable(model, 'encoder', false));
});
