import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Files by the hash of what they were made from. It only saves time: what can't be read or kept is made again. */
export interface ContentCache {
  /** What is kept under this key; null where nothing is, or something else than was written. */
  read(key: string): Promise<Uint8Array | null>;
  /** Keeps bytes under this key, whole or not at all, and removes the longest unused when there are too many. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
}

/** Bytes that a cache keeps unless told. */
const LIMIT = 512 * 1024 * 1024;

const DIGEST_BYTES = 32;

/** What a process left behind that was ended while it wrote, is removed after so many ms. */
const ABANDONED = 60 * 60 * 1000;

/** The hash of some contents, as a key. */
export function keyOf(...contents: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const content of contents) hash.update(`${content.length} `).update(content);
  return hash.digest('hex');
}

/** A cache in a folder, which several processes may use at once. No error of the disk leaves it. */
export function openCache(folder: string, limit = LIMIT): ContentCache {
  const fileOf = (key: string) => join(folder, key);
  return {
    async read(key) {
      const file = await readFile(fileOf(key)).catch(() => null);
      if (!file) return null;
      const bytes = file.subarray(DIGEST_BYTES);
      if (file.length <= DIGEST_BYTES || !digest(bytes).equals(file.subarray(0, DIGEST_BYTES)))
        return null;
      const now = new Date();
      await utimes(fileOf(key), now, now).catch(() => {});
      return bytes;
    },
    async write(key, bytes) {
      const part = `${fileOf(key)}.${randomUUID()}.part`;
      try {
        await mkdir(folder, { recursive: true });
        await writeFile(part, Buffer.concat([digest(bytes), bytes]));
        await rename(part, fileOf(key));
        await removeUnused(folder, limit);
      } catch {
        await rm(part, { force: true }).catch(() => {});
      }
    },
    remove: (key) => rm(fileOf(key), { force: true }).catch(() => {}),
  };
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

async function removeUnused(folder: string, limit: number): Promise<void> {
  const names = await readdir(folder);
  const found = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      const about = await stat(file).catch(() => null);
      return about?.isFile() ? [{ file, name, size: about.size, used: about.mtimeMs }] : [];
    }),
  );
  let kept = 0;
  for (const { file, name, size, used } of found.flat().sort((a, b) => b.used - a.used)) {
    const abandoned = name.endsWith('.part') && Date.now() - used > ABANDONED;
    kept += size;
    if (abandoned || kept > limit) await rm(file, { force: true });
  }
}
