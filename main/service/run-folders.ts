import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import type { RunSummary } from '../../shared/api/contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { findRun } from './recover-run.ts';
import { readLabel } from './run-label.ts';
import { runFile } from './run-record.ts';

/**
 * The runs of a project's folder, of a folder that holds runs, or the one that a folder is, with what is written on
 * them, in the order of their beginnings. Throws a StudioError for a folder that is not there.
 */
export async function runsIn(folder: string): Promise<RunSummary[]> {
  if (isRun(folder)) return [await runAt(folder)];
  const place = placeOfRuns(folder);
  const entries = await readdir(place, { withFileTypes: true }).catch(() => {
    throw new StudioError('NO_SUCH_FOLDER', `there is no folder ${resolve(place)}`);
  });
  const folders = entries
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
    .map((entry) => join(place, entry.name))
    .filter(isRun);
  const runs = await Promise.all(folders.map(runAt));
  return runs.sort((a, b) => a.created - b.created || a.number - b.number);
}

/** Where a project keeps its runs; of another folder, the folder itself. */
export function placeOfRuns(folder: string): string {
  const inside = join(folder, 'runs');
  return existsSync(join(folder, 'project.json')) || existsSync(inside) ? inside : folder;
}

/**
 * The folder of the run that a text names: by its folder, or in a project (or a folder of runs) by its id, its number,
 * or how its id begins. Throws a StudioError where there is none, or more than one.
 */
export async function findRunFolder(name: string, project = '.'): Promise<string> {
  if (isRun(name)) return resolve(name);
  const known = await runsIn(project).catch(() => []);
  const exact = known.filter(({ id }) => id === name);
  const found =
    exact.length > 0
      ? exact
      : known.filter((run) => String(run.number) === name || run.id.startsWith(name));
  if (found.length === 1) return resolve(found[0]!.folder);
  throw new StudioError(
    'NO_SUCH_RUN',
    found.length > 1
      ? `${name} could be ${found.map(({ id }) => id).join(', ')}; name one of them`
      : `there is no run ${name}: neither a run's folder, nor an id in ${resolve(placeOfRuns(project))}`,
  );
}

function isRun(folder: string): boolean {
  return existsSync(runFile(folder));
}

async function runAt(folder: string): Promise<RunSummary> {
  const place = resolve(folder);
  const run = await findRun(basename(place), place);
  if (!run) throw new StudioError('NO_SUCH_RUN', `there is no run in ${place}`);
  return { ...run, ...(await readLabel(place)) };
}
