import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { StudioError } from '../../../shared/api/errors.ts';

/** How often the owner of a lock touches it, in ms. */
const BEAT = 1000;

/** A lock that was touched in the last so many ms, by this computer's clock, is held. */
const FRESH = 15_000;

/** Who holds a lock. */
export interface LockOwner {
  readonly pid: number;
  readonly host: string;
  /** When its process began, as Linux counts it: another process of the same number began at another time. */
  readonly began?: string;
}

/** A lock that is held here. */
export interface Lock {
  release(): Promise<void>;
}

/**
 * Takes a lock, which is a file, unless another process (or somebody else here) holds it: then who. A lock whose process
 * has died is taken over: on this computer that is known for certain; of another one it is said when it no longer
 * touches its lock. No clock is trusted for that, for clocks jump.
 */
export async function tryLock(
  path: string,
): Promise<{ readonly lock: Lock } | { readonly owner: LockOwner | null }> {
  await mkdir(dirname(path), { recursive: true });
  const began = await beginOf(process.pid);
  const id = randomUUID();
  const mine = JSON.stringify({
    pid: process.pid,
    host: hostname(),
    ...(began !== null && { began }),
    id,
  });
  while (!(await take(path, mine))) {
    const held = await readFile(path, 'utf8').catch(() => null);
    if (held === null) continue;
    if (!(await isDead(path, held))) return { owner: ownerOf(held) };
    await removeDead(path, held);
  }
  const beat = setInterval(() => void touch(path), BEAT);
  beat.unref();
  return {
    lock: {
      async release() {
        clearInterval(beat);
        if ((await readFile(path, 'utf8').catch(() => '')) === mine)
          await rm(path, { force: true });
      },
    },
  };
}

/**
 * Takes a lock as soon as it is free. `onWait` is told while another one holds it. Rejects with the code `CANCELLED`
 * when the signal is aborted meanwhile.
 */
export async function waitForLock(
  path: string,
  {
    signal,
    onWait,
  }: { signal?: AbortSignal | undefined; onWait?: (owner: LockOwner | null) => void },
): Promise<Lock> {
  for (;;) {
    if (signal?.aborted) throw cancelled();
    const taken = await tryLock(path);
    if ('lock' in taken) return taken.lock;
    onWait?.(taken.owner);
    await wait(100);
  }
}

/** Does work while no other process (and nobody else here) holds the lock; see `waitForLock`. */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: Parameters<typeof waitForLock>[1] = {},
): Promise<T> {
  const lock = await waitForLock(path, options);
  try {
    return await work();
  } finally {
    await lock.release();
  }
}

/** Whether somebody holds the lock. */
export async function isLocked(path: string): Promise<boolean> {
  const held = await readFile(path, 'utf8').catch(() => null);
  return held !== null && !(await isDead(path, held));
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
    // On a full disk there is the file, but nothing in it.
    await rm(path, { force: true }).catch(() => {});
    throw error;
  }
}

/** Null for a lock that is just being written. */
function ownerOf(held: string): LockOwner | null {
  try {
    return JSON.parse(held) as LockOwner;
  } catch {
    return null;
  }
}

async function isDead(path: string, held: string): Promise<boolean> {
  const owner = ownerOf(held);
  if (owner?.host === hostname()) {
    if (!isAlive(owner.pid)) return true;
    const began = await beginOf(owner.pid);
    if (began !== null && owner.began !== undefined) return began !== owner.began;
  }
  return isSilent(path);
}

/** Whether the owner no longer touches its lock; what a clock says is trusted only where it speaks for the owner. */
async function isSilent(path: string): Promise<boolean> {
  const touched = () =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => null,
    );
  const before = await touched();
  if (before === null || Math.abs(Date.now() - before) < FRESH) return false;
  await wait(4 * BEAT);
  return (await touched()) === before;
}

/** Removals are made one after the other here. */
let removing: Promise<void> = Promise.resolve();

/** Removes a dead lock, but not one that has taken its place meanwhile. */
function removeDead(path: string, held: string): Promise<void> {
  removing = removing.then(() => moveAside(path, held)).catch(() => {});
  return removing;
}

async function moveAside(path: string, held: string): Promise<void> {
  if ((await readFile(path, 'utf8').catch(() => null)) !== held) return;
  const aside = `${path}.${randomUUID()}`;
  await rename(path, aside).catch(() => {});
  const moved = await readFile(aside, 'utf8').catch(() => held);
  if (moved !== held) await link(aside, path).catch(() => {});
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** When a process began; null where the system does not tell. Field 22 of /proc/PID/stat, see proc(5). */
async function beginOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null;
}

async function touch(path: string): Promise<void> {
  const now = new Date();
  await utimes(path, now, now).catch(() => {});
}
