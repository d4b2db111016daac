import { resolve } from 'node:path';
import type { DataKind } from '../../shared/api/data.ts';
import { StudioError } from '../../shared/api/errors.ts';
import type { RecogniseOptions } from '../../shared/data/recognise.ts';
import { dataError } from './dataset.ts';
import type { Source } from './source.ts';
import { recogniseCifar } from './sources/cifar.ts';
import { recogniseCsvImages, recogniseCsvNumbers } from './sources/csv-source.ts';
import { recogniseIdx } from './sources/idx.ts';
import { recogniseImages } from './sources/images.ts';
import { listFiles, type Listing } from './sources/listing.ts';
import { filesOf, nameOf, type Look, type Recogniser } from './sources/look.ts';
import { counted, extensionOf, isImageName } from './sources/names.ts';
import { recogniseNumpy } from './sources/numpy.ts';
import { recogniseParquet } from './sources/parquet.ts';
import { ProblemList } from './sources/problems.ts';

/** What is tried, in this order. */
const RECOGNISERS: readonly {
  readonly kinds: readonly DataKind[];
  readonly recognise: Recogniser;
}[] = [
  { kinds: ['idx'], recognise: recogniseIdx },
  { kinds: ['cifar'], recognise: recogniseCifar },
  { kinds: ['parquet'], recognise: recogniseParquet },
  { kinds: ['csv-images'], recognise: recogniseCsvImages },
  { kinds: ['image-classes', 'images', 'image-pairs'], recognise: recogniseImages },
  { kinds: ['numpy'], recognise: recogniseNumpy },
  { kinds: ['csv'], recognise: recogniseCsvNumbers },
];

/** So many of the files that are left out are named. */
const MOST_SHOWN = 5;

const UNDERSTOOD =
  'folders of images (a folder a class, pairs of folders, or just images), a CSV that names images or holds numbers, ' +
  'IDX files as MNIST has, NumPy files (.npy, .npz), Parquet, or the binary version of CIFAR-10';

/**
 * Finds out what lies in a file or folder (or in several that belong together) and gives its samples undecoded. What
 * was recognised is said in `recognised`, and `options` correct it. Looks at nothing outside the folder. Throws a
 * StudioError: `NO_SUCH_DATA` where nothing is there, `BAD_DATA` where nothing is recognised (it says what was found
 * and what would be) or what was recognised is broken.
 */
export async function recognise(
  path: string | readonly string[],
  options: RecogniseOptions = {},
  signal?: AbortSignal,
): Promise<Source> {
  const paths = typeof path === 'string' ? [path] : path;
  const problems = new ProblemList();
  const listing = await listFiles(paths, problems, signal);
  const root = paths.length === 1 ? resolve(paths[0]!) : listing.root;
  const look: Look = { listing, root, name: nameOf(root), options, problems, signal };
  const { kind } = options;
  try {
    for (const { kinds, recognise } of RECOGNISERS) {
      if (kind && !kinds.includes(kind)) continue;
      const found = await recognise(look);
      if (!found) continue;
      const { uses, ...source } = found;
      addIgnored(look, uses);
      return { name: look.name, root, ...source, problems: problems.list() };
    }
  } catch (error) {
    if (signal?.aborted || error instanceof StudioError || !(error instanceof Error)) throw error;
    throw dataError(error.message);
  }
  throw dataError(
    `${root} holds ${foundIn(listing)}, which ${kind ? `can't be taken for ${kind}` : 'is nothing to train on'}; what would be: ${UNDERSTOOD}${hasArchive(listing) ? '; an archive is to be unpacked first' : ''}`,
  );
}

/** Says in one problem which files are no part of what was recognised. */
function addIgnored({ listing, problems }: Look, uses: (path: string) => boolean): void {
  const counts = new Map<string, number>();
  const ignored: string[] = [];
  for (const [folder, names] of listing.folders)
    for (const name of names) {
      const path = folder ? `${folder}/${name}` : name;
      if (uses(path)) continue;
      const kind = extensionOf(name) || 'without extension';
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (ignored.push(path) > MOST_SHOWN) ignored.pop();
    }
  const total = [...counts.values()].reduce((a, b) => a + b, 0);
  if (total === 0) return;
  const kinds = [...counts].sort(([, a], [, b]) => b - a).slice(0, 5);
  problems.add(
    'ignored',
    total === 1 ? ignored[0]! : '.',
    `${counted(total, 'file')} of other kinds (${kinds.map(([kind, count]) => `${count} ${kind}`).join(', ')}): ${ignored.join(', ')}${total > ignored.length ? ', …' : ''}`,
    'left out',
  );
}

function hasArchive(listing: Listing): boolean {
  return filesOf(listing, (name) => /\.(zip|rar|7z|tar|tgz|tar\.\w+)$/i.test(name)).length > 0;
}

/** `3 .txt, 1 .md and 12 images`, or `no files`. */
function foundIn(listing: Listing): string {
  const counts = new Map<string, number>();
  for (const names of listing.folders.values())
    for (const name of names) {
      const extension = isImageName(name)
        ? 'images'
        : extensionOf(name) || 'files without extension';
      counts.set(extension, (counts.get(extension) ?? 0) + 1);
    }
  const found = [...counts].sort(([, a], [, b]) => b - a);
  if (found.length === 0) return 'no files';
  const shown = found
    .slice(0, 5)
    .map(([what, count]) => `${count.toLocaleString('en-US')} ${what}`);
  if (found.length > 5) shown.push(counted(found.length - 5, 'other kind'));
  return shown.join(', ');
}
