import { resolve } from 'node:path';

/** The folder that a command line names with `--project=DIR`; null when it names none. */
export function projectOf(argv: readonly string[], workingFolder: string): string | null {
  const option = argv.findLast((argument) => argument.startsWith('--project='));
  return option ? resolve(workingFolder, option.slice('--project='.length)) : null;
}
