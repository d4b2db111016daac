import { createHash } from 'node:crypto';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What is looked at, at most: a folder with more is told from its former self by what comes first. */
const MOST = 200_000;

/**
 * Changes when files at a path change, come or go: a hash of names, sizes and times, without reading any. Links are
 * not followed. Null when there is nothing at the path.
 */
export async function dataStamp(path: string): Promise<string | null> {
  const root = await lstat(path).catch(() => null);
  if (!root) return null;
  const hash = createHash('sha256');
  let seen = 0;
  const folders = [''];
  if (!root.isDirectory()) hash.update(`${root.size} ${root.mtimeMs}`);
  else
    for (let folder = folders.pop(); folder !== undefined && seen < MOST; folder = folders.pop()) {
      const entries = await readdir(join(path, folder), { withFileTypes: true }).catch(() => []);
      entries.sort((a, b) => (a.name < b.name ? -1 : 1));
      const below = entries.filter((entry) => entry.isDirectory() || entry.isFile());
      seen += below.length;
      const lines = await Promise.all(
        below.map(async (entry) => {
          const place = join(folder, entry.name);
          if (entry.isDirectory()) return `${JSON.stringify(place)}\n`;
          const found = await lstat(join(path, place)).catch(() => null);
          return `${JSON.stringify(place)} ${found?.size} ${found?.mtimeMs}\n`;
        }),
      );
      hash.update(lines.join(''));
      folders.push(
        ...below.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name)),
      );
    }
  return hash.digest('hex').slice(0, 32);
}
