import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './steps.mjs';

/** Runs the built command line in this process, as if it had been called with these arguments. @param {readonly string[]} args */
export async function runCli(args) {
  const file = join(root, 'dist/main/cli.js');
  process.argv = [process.execPath, file, ...args];
  await import(pathToFileURL(file).href);
}
