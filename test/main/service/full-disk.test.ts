import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openEventLog, readEvents } from '../../../main/service/event-log.ts';
import { eventsFile, readRunRecord } from '../../../main/service/run-record.ts';
import { trainRun } from '../../../main/service/train-run.ts';
import type { RunEvent } from '../../../shared/api/events.ts';
import { behaving, folder, model, startTrainer } from './setting.ts';

/** A disk of 1 MiB, or null where this user may not make one. */
function smallDisk(): string | null {
  const place = join(folder, 'small-disk');
  mkdirSync(place);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', place], { stdio: 'pipe' });
    return place;
  } catch (error) {
    console.warn(`SKIPPED: the tests of a full disk need a small one: ${String(error)}`);
    return null;
  }
}

const disk = smallDisk();
afterAll(() => void (disk && execFileSync('umount', ['--lazy', disk])));

/** Fills the disk to the last block. */
async function fill(name: string): Promise<void> {
  const { bavail, bsize } = await statfs(disk!);
  await writeFile(join(disk!, name), new Uint8Array(bavail * bsize));
}

test.skipIf(!disk)('a trainer that finds the disk full ends its run, whole on disk', async () => {
  const place = join(disk!, 'images');
  const told: RunEvent[] = [];
  const run = await trainRun({
    model,
    settings: behaving('steps=3&pause=10&fill', 1000),
    folder: place,
    startTrainer,
    onEvents: (events) => told.push(...events),
  });
  const end = await run.done;
  expect(end).toMatchObject({
    state: 'failed',
    error: {
      code: 'DISK_FULL',
      message: expect.stringContaining(`the disk that holds ${place} is full`) as string,
      saved: expect.stringMatching(/the weights of step \d+ .* the history up to step/) as string,
    },
  });
  expect(await readEvents(eventsFile(place))).toEqual(told);
  expect(told.at(-1)).toMatchObject({ type: 'state', state: 'failed' });
  expect(await readRunRecord(place)).toMatchObject({ state: 'failed', seq: end.seq });
  expect(await readdir(place)).not.toContain('.reserve');
  await rm(place, { recursive: true });
});

test.skipIf(!disk)('a history that can not be written ends its run, whole on disk', async () => {
  const place = join(disk!, 'history');
  const told: RunEvent[] = [];
  const run = await trainRun({
    model,
    settings: behaving('steps=100000&pause=2'),
    folder: place,
    startTrainer,
    onEvents: (events) => {
      if (told.length < 10 && told.length + events.length >= 10) void fill('filler');
      told.push(...events);
    },
  });
  const end = await run.done;
  expect(end).toMatchObject({ state: 'failed', error: { code: 'DISK_FULL' } });
  expect(end.error?.saved).toBe(`the history up to step ${end.lastStep}, no weights`);
  expect(await readEvents(eventsFile(place))).toEqual(told);
  expect(await readRunRecord(place)).toMatchObject({ state: 'failed', seq: end.seq });
  await rm(place, { recursive: true });
  await rm(join(disk!, 'filler'));
});

test.skipIf(!disk)('a batch that does not fit leaves the log as it was', async () => {
  const file = join(disk!, 'log.jsonl');
  const log = await openEventLog(file);
  const [first] = await log.append([{ type: 'state', state: 'training' }]);
  await fill('filler');
  const losses = Array.from({ length: 10_000 }, () => Math.random());
  await expect(log.append([{ type: 'steps', first: 1, losses }])).rejects.toMatchObject({
    code: 'ENOSPC',
  });
  expect(await readEvents(file)).toEqual([first]);
  await rm(join(disk!, 'filler'));
  const [second] = await log.append([{ type: 'steps', first: 1, losses }]);
  await log.close();
  expect(second?.seq).toBe(2);
  expect(await readEvents(file)).toEqual([first, second]);
});

test.skipIf(!disk)('a run can not begin on a full disk, and leaves nothing there', async () => {
  await fill('filler');
  const place = join(disk!, 'none');
  await expect(
    trainRun({ model, settings: behaving(''), folder: place, startTrainer }),
  ).rejects.toThrow('ENOSPC');
  expect(await readdir(place)).toEqual(['checkpoints', 'images']);
  await rm(join(disk!, 'filler'));
});
