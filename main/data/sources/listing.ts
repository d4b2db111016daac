import type { Dirent, Stats } from 'node:fs';
import { lstat, opendir, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, relative, resolve, sep } from 'node:path';
import { StudioError } from '../../../shared/api/errors.ts';
import { dataError } from '../dataset.ts';
import { isHiddenName, counted } from './names.ts';
import type { ProblemList } from './problems.ts';

/** What lies in a folder, or the files that were chosen. Nothing outside `root` is in it. */
export interface Listing {
  /** Absolute, without links. */
  readonly root: string;
  /** Names of the files by the folder's path below the root (`''` is the root, `/` between), both sorted. */
  readonly folders: ReadonlyMap<string, readonly string[]>;
  /** Whether it is files that were chosen, rather than a folder. */
  readonly chosen: boolean;
}

/** More entries than this are refused rather than listed. */
const MOST_ENTRIES = 5_000_000;
const DEEPEST = 64;

/**
 * Lists a folder and everything below it, or the files given. Hidden files are passed over. Links that lead out,
 * loop or lead to folders, unreadable folders, pipes and devices become problems. Throws a StudioError when nothing
 * is there or the path itself can't be read.
 */
export async function listFiles(
  paths: readonly string[],
  problems: ProblemList,
  signal?: AbortSignal,
): Promise<Listing> {
  const given = await Promise.all(paths.map(existing));
  const only = given[0]!;
  const root =
    given.length === 1 && only.stats.isDirectory()
      ? only.path
      : commonFolder(given.map(({ path }) => dirname(path)));
  const walk = new Walk(root, problems, signal);
  for (const { path, stats } of given)
    if (stats.isDirectory()) await walk.folder(below(root, path), 0);
    else walk.file(below(root, dirname(path)), basename(path));
  const folders = [...walk.folders].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [, names] of folders) names.sort();
  return {
    root,
    folders: new Map(folders),
    chosen: !given.every(({ stats }) => stats.isDirectory()),
  };
}

class Walk {
  readonly folders = new Map<string, string[]>();
  #entries = 0;
  readonly #root: string;
  readonly #problems: ProblemList;
  readonly #signal: AbortSignal | undefined;

  constructor(root: string, problems: ProblemList, signal: AbortSignal | undefined) {
    this.#root = root;
    this.#problems = problems;
    this.#signal = signal;
  }

  file(folder: string, name: string): void {
    const names = this.folders.get(folder);
    if (names) names.push(name);
    else this.folders.set(folder, [name]);
  }

  async folder(path: string, depth: number): Promise<void> {
    if (depth > DEEPEST)
      return this.#problems.add(
        'too-deep',
        path,
        `lies more than ${DEEPEST} folders deep`,
        'left out',
      );
    const below: string[] = [];
    try {
      if (!this.folders.has(path)) this.folders.set(path, []);
      for await (const entry of await opendir(join(this.#root, path), { bufferSize: 1024 })) {
        this.#signal?.throwIfAborted();
        if (++this.#entries > MOST_ENTRIES)
          throw dataError(`${this.#root} holds more than ${counted(MOST_ENTRIES, 'file')}`);
        if (isHiddenName(entry.name)) continue;
        const at = path ? `${path}/${entry.name}` : entry.name;
        if (entry.isDirectory()) below.push(at);
        else if (await this.#isUsable(entry, at)) this.file(path, entry.name);
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#signal?.throwIfAborted();
      if (typeof code !== 'string' || depth === 0) throw readError(join(this.#root, path), error);
      this.#problems.add('unreadable', path, `the folder can't be read: ${message}`, 'left out');
    }
    for (const at of below) await this.folder(at, depth + 1);
  }

  async #isUsable(entry: Dirent, path: string): Promise<boolean> {
    if (entry.isFile()) return true;
    if (!entry.isSymbolicLink()) {
      this.#problems.add('not-a-file', path, 'is a pipe, a socket or a device', 'left out');
      return false;
    }
    const link = await this.#followed(path);
    if (link.problem) this.#problems.add('link', path, link.problem, 'left out');
    return !link.problem;
  }

  async #followed(path: string): Promise<{ problem?: string }> {
    try {
      const target = await realpath(join(this.#root, path));
      if (!isBelow(this.#root, target))
        return { problem: 'is a link that leads out of the folder' };
      const stats = await stat(target);
      if (stats.isFile()) return {};
      return stats.isDirectory()
        ? {
            problem: `is a link to the folder ${below(this.#root, target) || '.'}, which is read where it lies`,
          }
        : { problem: 'is a link to a pipe, a socket or a device' };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return {
        problem: code === 'ELOOP' ? 'is a link that leads to itself' : 'is a link to nothing',
      };
    }
  }
}

/** The absolute path without links, and what is there. */
async function existing(path: string): Promise<{ path: string; stats: Stats }> {
  const absolute = resolve(path);
  try {
    const real = await realpath(absolute);
    const stats = await lstat(real);
    if (stats.isDirectory() || stats.isFile()) return { path: real, stats };
  } catch (error) {
    throw readError(absolute, error);
  }
  throw dataError(`${absolute} is neither a file nor a folder but a pipe, a socket or a device`);
}

/** An error of the file system, as people read it; others as they are. */
function readError(path: string, error: unknown): unknown {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new StudioError('NO_SUCH_DATA', `there is no file or folder ${path}`);
  if (code === 'EACCES' || code === 'EPERM')
    return dataError(`${path} can't be read: permission denied`);
  if (code === 'ELOOP') return dataError(`${path} is a link that leads to itself`);
  return error;
}

/** Whether an absolute path without links is the root or lies below it. */
export function isBelow(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}

/** The path below the root with `/` between folders. */
function below(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}

function commonFolder(folders: readonly string[]): string {
  let common = folders[0]!;
  while (!folders.every((folder) => isBelow(common, folder))) common = dirname(common);
  return common;
}
