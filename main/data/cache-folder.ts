import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The user's folder for what can be made again: `MATRYOSHKA_CACHE`, else the place that the system has for it
 * (`XDG_CACHE_HOME` or `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`).
 */
export function cacheFolder(): string {
  const { MATRYOSHKA_CACHE, XDG_CACHE_HOME, LOCALAPPDATA } = process.env;
  if (MATRYOSHKA_CACHE) return resolve(MATRYOSHKA_CACHE);
  if (process.platform === 'darwin') return join(homedir(), 'Library/Caches/matryoshka');
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'matryoshka/Cache');
  return join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'matryoshka');
}
