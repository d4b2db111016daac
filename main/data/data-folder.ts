import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/**
 * The user's folder for data that were downloaded: `MATRYOSHKA_DATA`, else the place that the system has for it
 * (`XDG_DATA_HOME` or `~/.local/share`, `~/Library/Application Support`, `%LOCALAPPDATA%`).
 */
export function dataFolder(): string {
  const { MATRYOSHKA_DATA, XDG_DATA_HOME, LOCALAPPDATA } = process.env;
  if (MATRYOSHKA_DATA) return resolve(MATRYOSHKA_DATA);
  if (process.platform === 'darwin')
    return join(homedir(), 'Library/Application Support/matryoshka/data');
  if (process.platform === 'win32')
    return join(LOCALAPPDATA ?? join(homedir(), 'AppData/Local'), 'matryoshka/Data');
  return join(XDG_DATA_HOME || join(homedir(), '.local/share'), 'matryoshka/data');
}
