import { readdir, realpath } from 'node:fs/promises';
import { join, posix } from 'node:path';
import { isBelow } from './listing.ts';
import { isHiddenName, nameKey, splitIn, type SplitName } from './names.ts';

/** Where a path of a table leads: below the root, or what is wrong with it. */
export type FoundImage =
  | { readonly path: string }
  | { readonly problem: 'missing-image' | 'outside'; readonly message: string };

/** What may have been left off the end of a name. */
const EXTENSIONS = [
  '',
  '.png',
  '.jpg',
  '.jpeg',
  '.JPG',
  '.JPEG',
  '.PNG',
  '.webp',
  '.bmp',
  '.gif',
  '.tif',
  '.tiff',
];

/** After so many images, only places where one was found are looked at. */
const TRIALS = 500;
const MOST_FOLDERS = 50;

/**
 * Finds the images that a table names: beside it, in the root, or in a folder of either, with or without extension,
 * in any form of Unicode. Nothing outside the root is found.
 */
export class ImageFinder {
  readonly #root: string;
  readonly #split: SplitName;
  readonly #folders = new Map<string, ReadonlyMap<string, string> | null>();
  readonly #starts: readonly string[];
  #places: { start: string; extension: string; found: number }[] | null = null;
  #trials = 0;

  /** `beside` is the table's folder below the root; a folder named for another split than the table's is passed over. */
  constructor(root: string, beside: string, split: SplitName) {
    this.#root = root;
    this.#split = split;
    this.#starts = [...new Set([beside, ''])];
  }

  /** The image that a cell names. */
  async find(cell: string): Promise<FoundImage> {
    const text = cell
      .trim()
      .replaceAll('\\', '/')
      .replace(/^file:\/\//, '');
    if (text === '') return { problem: 'missing-image', message: 'no image is named' };
    const absolute = text.startsWith('/') || /^[a-z]:\//i.test(text);
    if (absolute && !isBelow(this.#root, posix.normalize(text)))
      return { problem: 'outside', message: `${text} lies outside the folder` };
    const given = absolute ? posix.relative(this.#root, posix.normalize(text)) : text;
    const places = (this.#places ??= await this.#allPlaces());
    let outside = true;
    for (const place of places) {
      if (this.#trials > TRIALS && place.found === 0) continue;
      const path = posix.join(absolute ? '' : place.start, given + place.extension);
      if (path === '..' || path.startsWith('../')) continue;
      outside = false;
      const found = await this.#existing(path);
      if (found === null) continue;
      place.found++;
      this.#trials++;
      return { path: found };
    }
    this.#trials++;
    return outside
      ? { problem: 'outside', message: `${text} leads out of the folder` }
      : { problem: 'missing-image', message: `there is no image ${text}` };
  }

  async #allPlaces() {
    const starts: string[] = [...this.#starts];
    for (const start of this.#starts) {
      const entries = await readdir(join(this.#root, start), { withFileTypes: true }).catch(
        () => [],
      );
      for (const entry of entries.slice(0, 1000))
        if (entry.isDirectory() && this.#mayHold(entry.name) && starts.length < MOST_FOLDERS)
          starts.push(posix.join(start, entry.name));
    }
    return EXTENSIONS.flatMap((extension) =>
      starts.map((start) => ({ start, extension, found: 0 })),
    );
  }

  #mayHold(folder: string): boolean {
    const split = splitIn(folder);
    return (
      !isHiddenName(folder) && (split === null || this.#split === 'all' || split === this.#split)
    );
  }

  /** The path as it is on disk, or null where nothing is there or it leads out of the root. */
  async #existing(path: string): Promise<string | null> {
    const folder = posix.dirname(path);
    const names = await this.#namesIn(folder === '.' ? '' : folder);
    return names?.get(nameKey(posix.basename(path))) ?? null;
  }

  /** The files of a folder: paths below the root by the name as it is compared. */
  async #namesIn(folder: string): Promise<ReadonlyMap<string, string> | null> {
    const known = this.#folders.get(folder);
    if (known !== undefined) return known;
    const names = await this.#read(folder).catch(() => null);
    this.#folders.set(folder, names);
    return names;
  }

  async #read(folder: string): Promise<Map<string, string> | null> {
    const real = await realpath(join(this.#root, folder));
    if (!isBelow(this.#root, real)) return null;
    const names = new Map<string, string>();
    for (const entry of await readdir(real, { withFileTypes: true })) {
      if (entry.isSymbolicLink()) {
        const target = await realpath(join(real, entry.name)).catch(() => null);
        if (!target || !isBelow(this.#root, target)) continue;
      } else if (!entry.isFile()) continue;
      names.set(nameKey(entry.name), folder ? `${folder}/${entry.name}` : entry.name);
    }
    return names;
  }
}
