import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../../../shared/api/errors.ts';
import { isLocked } from './lock.ts';

/** Bytes that the cache may take, `MATRYOSHKA_CACHE_BYTES` or 20 GiB; one dataset alone may take more. */
function mostBytes(): number {
  return Number(process.env['MATRYOSHKA_CACHE_BYTES']) || 20 * 2 ** 30;
}

/**
 * Removes the entries that were not used for the longest time, until so many bytes more fit into the cache; never
 * `own`, nor one that is being written. Throws `DISK_FULL` when the disk has no room for them.
 */
export async function makeRoom(cache: string, own: string, bytes: number): Promise<void> {
  const there = await bytesOf(own);
  const needed = Math.max(0, bytes - there);
  const entries = (await entriesOf(cache)).filter(({ folder }) => folder !== own);
  let total = there + needed + entries.reduce((sum, entry) => sum + entry.bytes, 0);
  for (const { folder, bytes } of entries.sort((a, b) => a.used - b.used)) {
    if (total <= mostBytes()) break;
    if (await remove(folder)) total -= bytes;
  }
  const { bavail, bsize } = await statfs(cache);
  if (needed > bavail * bsize)
    throw new StudioError(
      'DISK_FULL',
      `the decoded data takes ${megabytes(needed)} in ${cache}; ${megabytes(bavail * bsize)} are free there (MATRYOSHKA_CACHE names another folder)`,
    );
}

/** Bytes of the files in a folder and below it. */
export async function bytesOf(folder: string): Promise<number> {
  let sum = 0;
  for (const file of await readdir(folder, { withFileTypes: true, recursive: true }).catch(
    () => [],
  ))
    if (file.isFile())
      sum += await stat(join(file.parentPath, file.name)).then(
        ({ size }) => size,
        () => 0,
      );
  return sum;
}

async function entriesOf(cache: string) {
  const folders = (await readdir(cache, { withFileTypes: true }).catch(() => []))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(cache, name));
  return Promise.all(
    folders.map(async (folder) => ({
      folder,
      bytes: await bytesOf(folder),
      used: await stat(folder).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    })),
  );
}

async function remove(folder: string): Promise<boolean> {
  if (await isLocked(`${folder}.lock`)) return false;
  await rm(folder, { recursive: true, force: true });
  return true;
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6).toLocaleString('en')} MB`;
}
