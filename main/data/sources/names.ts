import type { SourceSplit } from '../source.ts';

export type SplitName = SourceSplit['name'];

/** The order in which splits are listed. */
export const SPLIT_ORDER: readonly SplitName[] = ['all', 'train', 'validation', 'test'];

const SPLIT_WORDS: ReadonlyMap<string, SplitName> = new Map([
  ...['train', 'training', 'trn'].map((word) => [word, 'train'] as const),
  ...['validation', 'valid', 'val', 'dev'].map((word) => [word, 'validation'] as const),
  ...['test', 'testing', 'tst', 't10k', 'eval', 'evaluation'].map(
    (word) => [word, 'test'] as const,
  ),
]);

const IMAGE = /\.(png|jpe?g|jpe|jfif|webp|bmp|dib|gif|tiff?)$/i;
const JUNK = new Set(['thumbs.db', 'desktop.ini', 'icon\r', '__macosx', '@eadir', '$recycle.bin']);

/** Whether a file's extension is that of an image that can be decoded. */
export function isImageName(name: string): boolean {
  return IMAGE.test(name);
}

/** Whether a name belongs to the system rather than to the data: `.DS_Store`, `Thumbs.db`, `__MACOSX`. */
export function isHiddenName(name: string): boolean {
  return name.startsWith('.') || JUNK.has(name.toLowerCase());
}

/** The split that a whole name stands for: `train`, `Val`, `testing`. */
export function splitNamed(name: string): SplitName | null {
  return SPLIT_WORDS.get(name.trim().toLowerCase()) ?? null;
}

/** The words of a name, in lower case: `xTrain_images-2.npy` has `x`, `train`, `images`, `2`, `npy`. */
export function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z])([A-Z])/g, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter(Boolean);
}

/** The split that one of the words of a name stands for: `mnist_train.csv`, `test-00000-of-00001.parquet`. */
export function splitIn(name: string): SplitName | null {
  for (const word of wordsOf(name)) {
    const split = SPLIT_WORDS.get(word);
    if (split) return split;
  }
  return null;
}

/** The split of a file by its own name, or by the nearest folder that is named for one; else `all`. */
export function splitOfPath(path: string): SplitName {
  const folders = path.split('/');
  const own = splitIn(folders.pop() ?? '');
  return own ?? folders.map(splitNamed).findLast((split) => split !== null) ?? 'all';
}

/** A name as it is compared: Unicode's composed form, whatever the file system or an editor made of it. */
export function nameKey(name: string): string {
  return name.normalize('NFC');
}

/** A name without its extension; `.tar.gz` counts as one. */
export function stemOf(name: string): string {
  return name.replace(/(\.tar)?\.[^.]*$/, '');
}

/** The extension in lower case with its dot, or the empty string. */
export function extensionOf(name: string): string {
  return (/\.[^.]+$/.exec(name)?.[0] ?? '').toLowerCase();
}

/** Sorts names by their characters' codes, as Keras does; whole numbers by their value. */
export function compareNames(a: string, b: string): number {
  if (/^\d+$/.test(a) && /^\d+$/.test(b) && Number(a) !== Number(b)) return Number(a) - Number(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

/** `1 image`, `4,310 images`; `plural` where an s is not enough. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? noun : plural}`;
}

/** The first few names, and how many there are more: `a, b, c and 12 more`. */
export function someOf(names: readonly string[], most = 3): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most
    ? `${shown} and ${counted(names.length - most, 'more', 'more')}`
    : shown;
}

/** `4,310 images`, or `60,000 images (train 50,000, test 10,000)`. */
export function describeSplits(
  splits: readonly Pick<SourceSplit, 'name' | 'size'>[],
  noun: string,
): string {
  const total = counted(
    splits.reduce((sum, { size }) => sum + size, 0),
    noun,
  );
  if (splits.every(({ name }) => name === 'all')) return total;
  const parts = splits.map(({ name, size }) => `${name} ${size.toLocaleString('en-US')}`);
  return `${total} (${parts.join(', ')})`;
}
