import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isLocked, tryLock, waitForLock, withLock } from '../../../../main/data/store/lock.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lock-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A process that does nothing until it is killed. */
async function idler() {
  const program = join(folder, 'idle.mjs');
  await writeFile(program, 'process.send("up"); process.on("message", () => {});');
  const child = fork(program, { execArgv: [] });
  await once(child, 'message');
  return child;
}

async function ownerOf(pid: number) {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const began = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  return { pid, host: hostname(), began, id: 'other' };
}

test('one at a time, and who waits gets it next', async () => {
  const path = join(folder, 'a', 'lock');
  const first = await tryLock(path);
  expect(await tryLock(path)).toMatchObject({ owner: { pid: process.pid, host: hostname() } });
  let waited = 0;
  const second = waitForLock(path, { onWait: () => (waited += 1) });
  await expect.poll(() => waited).toBeGreaterThan(0);
  if ('lock' in first) await first.lock.release();
  const lock = await second;
  expect(await isLocked(path)).toBe(true);
  await lock.release();
  expect(await isLocked(path)).toBe(false);
  expect(await withLock(path, async () => readdir(join(folder, 'a')))).toEqual(['lock']);
  expect(await readdir(join(folder, 'a'))).toEqual([]);
});

test.skipIf(process.platform !== 'linux')(
  'what a clock says neither ends a lock nor keeps one',
  async () => {
    const path = join(folder, 'b');
    const child = await idler();
    const owner = await ownerOf(child.pid!);
    await writeFile(path, JSON.stringify(owner));
    for (const hours of [-5, 5]) {
      const then = new Date(Date.now() + hours * 3_600_000);
      await utimes(path, then, then);
      expect(await tryLock(path)).toEqual({ owner });
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await isLocked(path)).toBe(false);
    const taken = await tryLock(path);
    expect(taken).toHaveProperty('lock');
    if ('lock' in taken) await taken.lock.release();
  },
);

test('of two that find a dead lock one takes it', async () => {
  const path = join(folder, 'c');
  const child = await idler();
  const owner = await ownerOf(child.pid!);
  child.kill('SIGKILL');
  await once(child, 'exit');
  await writeFile(path, JSON.stringify(owner));
  const taken = await Promise.all(Array.from({ length: 5 }, () => tryLock(path)));
  expect(taken.filter((one) => 'lock' in one)).toHaveLength(1);
});
