import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { RecogniseOptions } from '../../../shared/data/recognise.ts';
import type { Source } from '../source.ts';
import type { Listing } from './listing.ts';
import { extensionOf } from './names.ts';
import type { ProblemList } from './problems.ts';

/** What is being looked at. */
export interface Look {
  readonly listing: Listing;
  /** Absolute path of the file or folder that was given. */
  readonly root: string;
  /** For people: the last part of that path. */
  readonly name: string;
  readonly options: RecogniseOptions;
  readonly problems: ProblemList;
  readonly signal: AbortSignal | undefined;
}

/** What was recognised, but for what every source has from the look itself. */
export interface Recognised extends Omit<Source, 'name' | 'root' | 'problems'> {
  /** Whether a file, by its path below the root, is part of it; the others are said to be left out. */
  uses(path: string): boolean;
}

/** Recognises one kind of data, or says null where there is none of it. Throws where it is that kind, but broken. */
export type Recogniser = (look: Look) => Promise<Recognised | null>;

/** A file in a listing. */
export interface ListedFile {
  /** Absolute. */
  readonly file: string;
  /** Below the root of the listing, for people. */
  readonly path: string;
  /** The folder's path below the root. */
  readonly folder: string;
  readonly name: string;
}

/** The files of a listing whose names pass, in order. */
export function filesOf(listing: Listing, passes: (name: string) => boolean): ListedFile[] {
  const files: ListedFile[] = [];
  for (const [folder, names] of listing.folders)
    for (const name of names) if (passes(name)) files.push(listed(listing, folder, name));
  return files;
}

/** The files of a listing with one of these extensions (`.csv`), in order. */
export function filesWith(listing: Listing, ...extensions: readonly string[]): ListedFile[] {
  return filesOf(listing, (name) => extensions.includes(extensionOf(name)));
}

/** A file of the listing by its folder and name. */
export function listed(listing: Listing, folder: string, name: string): ListedFile {
  const path = folder ? `${folder}/${name}` : name;
  return { file: join(listing.root, path), path, folder, name };
}

/** Changes when a file's content may have changed: its size and time. */
export async function stampOf(file: string): Promise<string> {
  const { size, mtimeMs } = await stat(file);
  return `${size}-${mtimeMs}`;
}

/** The last part of a path, as data are called by it. */
export function nameOf(path: string): string {
  return basename(path) || path;
}
