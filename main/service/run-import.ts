import { randomUUID } from 'node:crypto';
import { copyFile, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import type { Chunks } from '../data/sources/bytes.ts';
import { zipMembers } from '../data/sources/zip.ts';
import { eventsFile, readRunRecord, runFile, thisProcess, writeRunRecord } from './run-record.ts';
import { readEvents } from './event-log.ts';
import { trashFolder } from './run-trash.ts';
import { uploadPath } from './upload-path.ts';

/** A file of a run that is on its way in. */
interface Incoming {
  /** Below the run's folder, with `/` between names. */
  readonly path: string;
  readonly size: number;
  copyTo(target: string): Promise<void>;
}

/** The most files in a run's folder that is taken in. */
const MOST_FILES = 100_000;

/**
 * Copies a run, a folder or a zip of one, into the folder of a project's runs, under a number that is free there. What
 * comes is checked before it is seen among the runs: nothing leads out of the folder, and `run.json` and the events
 * read well. A run that was copied while it was under way counts as interrupted. Returns the run's new id. Throws a
 * StudioError that says why it can't be taken, and leaves nothing behind.
 */
export async function importRun(
  source: string,
  runs: string,
  numbers: readonly number[],
): Promise<string> {
  const path = resolve(source);
  if (dirname(path) === resolve(runs))
    throw new StudioError('RUN_EXISTS', `${path} is one of the project's own runs already`);
  const there = await stat(path).catch(() => null);
  if (!there) throw new StudioError('NO_SUCH_RUN', `there is no file or folder ${path}`);
  const files = inOneFolder(path, there.isDirectory() ? await filesIn(path) : await zipFiles(path));
  await checkRoom(path, runs, files);

  // What a crash leaves of it goes with the trash.
  const stage = join(trashFolder(runs), `import-${randomUUID()}`);
  try {
    await mkdir(stage, { recursive: true });
    for (const file of files) {
      const target = uploadPath(stage, file.path);
      await mkdir(dirname(target), { recursive: true });
      await file.copyTo(target);
    }
    for (const folder of ['images', 'checkpoints'])
      await mkdir(join(stage, folder), { recursive: true });
    const record = await readRunRecord(stage);
    const { length } = await readEvents(eventsFile(stage));
    if (length < record.seq)
      throw new StudioError(
        'RUN_DAMAGED',
        `${path}: its run.json knows ${record.seq} events; events.jsonl has ${length}`,
      );
    const number = numbers.includes(record.number) ? Math.max(...numbers) + 1 : record.number;
    const id = `${String(number).padStart(4, '0')}-${randomUUID().slice(0, 6)}`;
    await writeRunRecord(stage, { ...record, id, number, owner: thisProcess });
    await rename(stage, join(runs, id));
    return id;
  } catch (error) {
    await rm(stage, { recursive: true, force: true });
    throw error;
  }
}

/** The files without the one folder that may stand around all of them. Throws when there is no run.json. */
function inOneFolder(source: string, files: readonly Incoming[]): Incoming[] {
  const own = basename(runFile(''));
  const heads = files.filter(({ path }) => path === own || /^[^/]+\/run\.json$/.test(path));
  const top = heads.find(({ path }) => path === own) ?? heads[0];
  if (!top) throw new StudioError('NO_SUCH_RUN', `${source} is no run: there is no run.json in it`);
  if (top.path !== own && heads.length > 1)
    throw new StudioError(
      'NO_SUCH_RUN',
      `${source} holds ${heads.length} runs; import one after the other`,
    );
  const around = top.path.slice(0, -own.length);
  return files.flatMap((file) =>
    file.path.startsWith(around) ? [{ ...file, path: file.path.slice(around.length) }] : [],
  );
}

async function checkRoom(source: string, runs: string, files: readonly Incoming[]): Promise<void> {
  await mkdir(runs, { recursive: true });
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const { bavail, bsize } = await statfs(runs);
  if (bytes > bavail * bsize)
    throw new StudioError(
      'DISK_FULL',
      `${source} holds ${bytes} bytes; the disk of ${runs} has ${bavail * bsize} left`,
    );
}

/** A folder's files; links and hidden files stay behind. */
async function filesIn(folder: string, below = ''): Promise<Incoming[]> {
  const files: Incoming[] = [];
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    if (entry.name.startsWith('.')) continue;
    const path = below ? `${below}/${entry.name}` : entry.name;
    const place = join(folder, path);
    if (entry.isDirectory()) files.push(...(await filesIn(folder, path)));
    else if (entry.isFile())
      files.push({
        path,
        size: (await stat(place)).size,
        copyTo: (target) => copyFile(place, target),
      });
    if (files.length > MOST_FILES)
      throw new StudioError('NO_SUCH_RUN', `${folder} holds more than ${MOST_FILES} files`);
  }
  return files;
}

async function zipFiles(file: string): Promise<Incoming[]> {
  const members = await zipMembers(file).catch((error: unknown) => {
    throw new StudioError('NO_SUCH_RUN', `no run can be read from ${(error as Error).message}`);
  });
  return members.map(({ name, size, bytes }) => ({
    path: name,
    size,
    copyTo: (target) => write(bytes(), target, size),
  }));
}

/** Writes what comes into a new file; more than was promised is refused. */
async function write(chunks: Chunks, target: string, size: number): Promise<void> {
  const file = await open(target, 'wx');
  try {
    let written = 0;
    for await (const chunk of chunks) {
      written += chunk.length;
      if (written > size)
        throw new StudioError('RUN_DAMAGED', `${basename(target)} holds more than it promised`);
      await file.writeFile(chunk);
    }
  } finally {
    await file.close();
  }
}
