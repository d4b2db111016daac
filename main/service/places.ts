import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The folder with package.json: the repository, or the packed app. Found from here upwards, bundled or not. */
const root = rootAbove(import.meta.dirname);

/** The program of the trainer's process, as it is built. */
export const trainerEntry = join(root, 'dist/main/trainer.js');

/** The web host, as it is built. */
export const webEntry = join(root, 'dist/main/web.js');

/** The program in which an engine is tried, as it is built. */
export const probeEntry = join(root, 'dist/main/probe.js');

/** The preload script of the desktop app's windows, as it is built. */
export const preloadEntry = join(root, 'dist/preload/preload.cjs');

/** The renderer, as it is built: index.html and what it loads. */
export const rendererFolder = join(root, 'dist/renderer');

/** The version of the studio. */
export const version = (
  JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
).version;

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const above = dirname(folder);
  if (above === folder) throw new Error('there is no package.json above the program');
  return rootAbove(above);
}
