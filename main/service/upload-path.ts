import { join, sep } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';

/** Names that Windows keeps for devices, and characters that it does not take. */
const windowsRefuses = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)|[<>:"|?*]|[. ]$/i;

/** Folders inside folders, and bytes in a name, that are still taken: what file systems take. */
const DEEPEST = 64;
const LONGEST_NAME = 255;

/**
 * Where below `folder` the file with this path of an upload is kept. A path has `/` between its names, in any
 * language. Throws a StudioError for a path that leads out of the folder, or that this machine can't hold.
 */
export function uploadPath(folder: string, path: string, windows = sep === '\\'): string {
  const names = path.split('/');
  const refused =
    names.length > DEEPEST
      ? `lies in ${names.length - 1} folders; at most ${DEEPEST - 1} are taken`
      : names.map((name) => nameProblem(name, windows)).find((problem) => problem !== null);
  if (refused)
    throw new StudioError(
      'BAD_UPLOAD',
      `the file ${JSON.stringify(path.slice(0, 300))} ${refused}`,
    );
  return join(folder, ...names);
}

function nameProblem(name: string, windows: boolean): string | null {
  if (name === '' || name === '.' || name === '..')
    return `has ${JSON.stringify(name)} in its path; expected names of files and folders`;
  // A lone half of a pair of code units can't be written as UTF-8.
  if (/\p{Control}|\p{Surrogate}/u.test(name))
    return 'has a character in its name that file systems do not take';
  if (Buffer.byteLength(name) > LONGEST_NAME)
    return `has a name of ${Buffer.byteLength(name)} bytes; at most ${LONGEST_NAME} are taken`;
  if (windows && (name.includes('\\') || windowsRefuses.test(name)))
    return 'has a name that Windows does not take';
  return null;
}
