import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StudioError } from '../../../shared/api/errors.ts';

/** How often the owner of a lock touches it, and after how long without that it is taken to be dead, in ms. */
const BEAT = 1000;
const SILENT = 15_000;

/**
 * Does work while no other process (and nobody else here) holds the lock, which is a file. `onWait` is called while
 * another one holds it. A lock whose process has died, or has not touched it for 15 s, is taken over. Rejects with the
 * code `CANCELLED` when the signal is aborted while it waits.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  { signal, onWait }: { signal?: AbortSignal | undefined; onWait?: () => void } = {},
): Promise<T> {
  const mine = JSON.stringify({ pid: process.pid, host: hostname(), id: randomUUID() });
  await mkdir(dirname(path), { recursive: true });
  while (!(await take(path, mine))) {
    if (await isDead(path)) {
      await rm(path, { force: true });
      continue;
    }
    onWait?.();
    if (signal?.aborted) throw cancelled();
    await wait(100);
  }
  const beat = setInterval(() => void touch(path), BEAT);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await readFile(path, 'utf8').catch(() => '')) === mine) await rm(path, { force: true });
  }
}

/** Whether somebody holds the lock. */
export async function isLocked(path: string): Promise<boolean> {
  return stat(path).then(
    async () => !(await isDead(path)),
    () => false,
  );
}

/** The error of an import that was cancelled. */
export function cancelled(): StudioError {
  return new StudioError('CANCELLED', 'the import was cancelled; what is decoded is kept');
}

async function take(path: string, mine: string): Promise<boolean> {
  try {
    await writeFile(path, mine, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function isDead(path: string): Promise<boolean> {
  try {
    const { mtimeMs } = await stat(path);
    if (Date.now() - mtimeMs > SILENT) return true;
    const { pid, host } = JSON.parse(await readFile(path, 'utf8')) as { pid: number; host: string };
    return host === hostname() && !isAlive(pid);
  } catch {
    // Gone meanwhile, or not written yet.
    return false;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}
