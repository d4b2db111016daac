import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SetupError, npm, root, step, tail } from './steps.mjs';

/**
 * The packages of a lock file by path.
 * @param {string} path
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean }> | undefined}
 */
function locked(path) {
  try {
    return JSON.parse(readFileSync(join(root, path), 'utf8')).packages;
  } catch {
    return undefined;
  }
}

/** True when node_modules holds what package-lock.json asks for; what is optional may be missing. */
function installed() {
  const wanted = locked('package-lock.json');
  const present = locked('node_modules/.package-lock.json');
  if (!wanted) throw new SetupError('package-lock.json is missing or broken: restore it with git.');
  if (!present) return false;
  return Object.entries(wanted).every(
    ([path, { version, optional, devOptional }]) =>
      !path.startsWith('node_modules/') ||
      (present[path] ? present[path].version === version : optional || devOptional),
  );
}

/**
 * Installs the packages where package-lock.json asks for others than are there. Install scripts don't run: the few
 * that matter download natives, which `natives.mjs` does with a time limit.
 * @returns {Promise<boolean>} whether anything was installed
 */
export async function ensurePackages() {
  if (installed()) return false;
  await step('Installing packages (npm ci)', () =>
    npm(['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']).catch(
      (error) => {
        throw new SetupError(
          `The packages could not be installed: is the package registry within reach?\n${tail(error.message, 10)}`,
        );
      },
    ),
  );
  return true;
}
