import type { Listing } from './listing.ts';
import { isImageName, splitIn, splitNamed, type SplitName } from './names.ts';

/** A folder with what its place says. */
export interface Place {
  /** Below the root. */
  readonly path: string;
  readonly split: SplitName;
  /** The names on the way to it, without the split and without folders that hold all others. */
  readonly rest: readonly string[];
  /** Names of its images. */
  readonly images: readonly string[];
}

export interface Places {
  /** The folders with images. */
  readonly filled: readonly Place[];
  /** Folders without any file in them or below, at the innermost. */
  readonly empty: readonly Place[];
  /** Folders with images beside those that are named for splits. */
  readonly outside: readonly Place[];
}

interface Folder {
  readonly path: string;
  readonly segments: readonly string[];
  readonly images: readonly string[];
  readonly empty: boolean;
}

/** Finds the splits in the names of folders, on top or (`input/train`) one below, and passes over wrapping folders. */
export function placesOf(listing: Listing): Places {
  const all = unwrapped(foldersOf(listing));
  const { at, names } = splitLevel(all);
  const filled: Place[] = [];
  const empty: Place[] = [];
  const outside: Place[] = [];
  for (const { path, segments, images, empty: isEmpty } of all) {
    const split = at === null ? 'all' : (names.get(segments[at] ?? '') ?? null);
    const rest = at === null ? segments : segments.filter((_, i) => i !== at);
    const place = { path, split: split ?? 'all', rest, images };
    if (isEmpty) {
      if (split) empty.push(place);
    } else if (images.length) (split ? filled : outside).push(place);
  }
  return { ...unwrappedInSplits(filled, empty), outside };
}

function foldersOf({ folders }: Listing): Folder[] {
  const parents = new Set<string>();
  for (const path of folders.keys()) {
    const end = path.lastIndexOf('/');
    if (path) parents.add(end < 0 ? '' : path.slice(0, end));
  }
  return [...folders].map(([path, names]) => ({
    path,
    segments: path ? path.split('/') : [],
    images: names.filter(isImageName),
    empty: path !== '' && names.length === 0 && !parents.has(path),
  }));
}

/** Without the first segment as long as all folders that count share it, unless it names a split. */
function unwrapped(folders: readonly Folder[]): readonly Folder[] {
  const counting = folders.filter(({ images, empty }) => empty || images.length);
  const first = commonFirst(counting.map(({ segments }) => segments));
  if (first === null || splitNamed(first)) return folders;
  return unwrapped(
    folders
      .filter(({ segments }) => segments[0] === first)
      .map((folder) => ({ ...folder, segments: folder.segments.slice(1) })),
  );
}

/** In every split, as `train/images/…`, `test/images/…` or `seg_train/seg_train/…`. */
function unwrappedInSplits(
  filled: readonly Place[],
  empty: readonly Place[],
): Pick<Places, 'filled' | 'empty'> {
  const splits = new Set(filled.map(({ split }) => split));
  const shared = [...splits].map((split) =>
    commonFirst([...filled, ...empty].filter((p) => p.split === split).map(({ rest }) => rest)),
  );
  if (filled.length === 0 || shared.includes(null)) return { filled, empty };
  const shorter = (place: Place) => ({ ...place, rest: place.rest.slice(1) });
  return unwrappedInSplits(filled.map(shorter), empty.map(shorter));
}

function commonFirst(paths: readonly (readonly string[])[]): string | null {
  const first = paths[0]?.[0];
  return first !== undefined && paths.every((path) => path[0] === first) ? first : null;
}

interface SplitLevel {
  /** Which segment of a path names the split; null where there are no splits. */
  readonly at: number | null;
  readonly names: ReadonlyMap<string, SplitName>;
}

function splitLevel(folders: readonly Folder[]): SplitLevel {
  const filled = folders.filter(({ images }) => images.length);
  for (const at of [0, 1]) {
    const found = new Set(filled.flatMap(({ segments }) => segments[at] ?? []));
    const all = [...found];
    const complete = filled.every(({ segments }) => segments.length > at);
    const exact = splitsBy(all, splitNamed);
    const distinct = new Set(exact.values());
    // On top other folders may lie beside train and test; one below, every folder must be a split.
    const enough = at === 0 ? distinct.has('train') || distinct.size > 1 : distinct.size > 1;
    if (
      exact.size === found.size
        ? distinct.size && complete && (at === 0 || enough)
        : at === 0 && enough
    )
      return { at, names: exact };
    const loose = splitsBy(all, splitIn);
    if (at === 0 && complete && loose.size === found.size && new Set(loose.values()).size > 1)
      return { at, names: loose };
  }
  return { at: null, names: new Map() };
}

function splitsBy(names: readonly string[], split: (name: string) => SplitName | null) {
  return new Map(names.flatMap((name) => (split(name) ? [[name, split(name)!] as const] : [])));
}
