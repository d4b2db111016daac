import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import { isActive } from '../../shared/api/events.ts';
import { zipFolder } from '../formats/zip-folder.ts';
import { findRun } from './recover-run.ts';

/**
 * Packs a run's folder as a zip: into `file`, which must not be there yet, or (null) into a new one in `place`. Throws
 * a StudioError for a run that is under way.
 */
export async function packRun(
  folder: string,
  file: string | null,
  place = '.',
): Promise<{ file: string; bytes: number }> {
  const id = basename(resolve(folder));
  const run = await findRun(id, folder);
  if (run && isActive(run.state))
    throw new StudioError('RUN_ACTIVE', `run ${id} is under way; stop it first`);
  const target = file ?? freeFile(resolve(place), id);
  return { file: target, bytes: await zipFolder(folder, id, target) };
}

/** `<id>.zip`, or with a number where that is taken. */
function freeFile(folder: string, id: string): string {
  for (let count = 1; ; count++) {
    const file = join(folder, `${id}${count > 1 ? `-${count}` : ''}.zip`);
    if (!existsSync(file)) return file;
  }
}
