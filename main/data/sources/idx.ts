import { dirname } from 'node:path';
import { readdir } from 'node:fs/promises';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { dataError } from '../dataset.ts';
import { checkIdx, readIdxHeader, type IdxHeader } from '../idx.ts';
import { arraySource, type ArrayPart, type StoredArray } from './arrays.ts';
import { ByteReader, bytesOf, isGzip, readAt } from './bytes.ts';
import { bytesPerElement, elementsOf, exchanged, isSideways } from './elements.ts';
import { knownClasses, readMapping } from './known-classes.ts';
import { filesOf, listed, stampOf, type ListedFile, type Look, type Recogniser } from './look.ts';
import { counted, splitIn, splitNamed, wordsOf, type SplitName } from './names.ts';

const INPUT = new Set(['images', 'image', 'imgs', 'img', 'x', 'data']);
const TARGET = new Set(['labels', 'label', 'y', 'targets']);

/** A file and what its name says: `emnist-letters-train-images-idx3-ubyte.gz`. */
interface Named extends ListedFile {
  /** What is left of the name without the words below: `emnist letters`. */
  readonly family: string;
  readonly split: SplitName;
  readonly part: 'input' | 'target' | null;
}

/** IDX files, paired by their names: MNIST's and those of its family, plain or compressed. */
export const recogniseIdx: Recogniser = async (look) => {
  const { listing, options, problems, signal } = look;
  let files = filesOf(listing, (name) => /idx\d|ubyte|\.idx(\.gz)?$/i.test(name)).map(nameParts);
  if (files.length === 0 && (listing.chosen || options.kind === 'idx'))
    for (const file of filesOf(listing, () => true).slice(0, 16))
      if (await isIdx(file.file)) files.push(nameParts(file));
  if (files.length === 0) return null;
  if (listing.chosen) files.push(...(await labelsBeside(files, look)));
  const families = new Map<string, Named[]>();
  for (const file of files) families.set(file.family, [...(families.get(file.family) ?? []), file]);
  const largest = [...families.values()].reduce((a, b) => (b.length > a.length ? b : a));
  for (const [family, others] of families)
    if (others !== largest)
      problems.add(
        'ignored',
        others[0]!.path,
        `${counted(others.length, 'IDX file')} of other data lie here too (${family || others[0]!.name})`,
        'left out; drop them by themselves',
      );
  files = withoutCopies(largest, look);
  const arrays = new Map<Named, StoredArray>();
  for (const file of files) {
    const header = await checkIdx(file.file, signal);
    const array = await idxArray(file.file, file.path, header);
    const sideways = isSideways(file.name) && array.shape.length === 3;
    arrays.set(file, sideways ? transposed(array, file.path, look) : array);
  }
  const parts = files.map((file): ArrayPart => {
    const array = arrays.get(file)!;
    const part = file.part ?? (array.shape.length > 1 ? 'input' : 'target');
    return { array, split: file.split, part, key: part === 'input' ? 'images' : 'labels' };
  });
  const [first] = files;
  const mapping = filesOf(listing, (name) => /mapping\.txt$/i.test(name)).find(
    ({ name }) => nameParts(listed(listing, '', name)).family === `${first!.family} mapping`.trim(),
  );
  return arraySource({
    ...look,
    kind: 'idx',
    what: `${counted(files.length, 'IDX file')}`,
    parts,
    classNames: mapping
      ? await readMapping(mapping.file)
      : knownClasses(`${look.root} ${first!.family}`),
  });
};

/** An IDX file as an array. */
async function idxArray(
  file: string,
  path: string,
  { shape, type, offset }: IdxHeader,
): Promise<StoredArray> {
  if (shape.length === 0) throw dataError(`${file} holds a single number, no samples`);
  const width = bytesPerElement(type);
  const length = sizeOf(shape.slice(1)) * width;
  const gzip = await isGzip(file);
  return {
    path,
    stamp: await stampOf(file),
    shape,
    type: type.startsWith('f') ? 'float' : 'integer',
    bytes: type === 'u1',
    async *samples(from) {
      const reader = new ByteReader(bytesOf(file, gzip ? 0 : offset + from * length));
      try {
        if (gzip) await reader.skip(offset + from * length);
        for (let i = from; i < shape[0]!; i++) {
          const bytes = await reader.read(length);
          if (bytes.length < length)
            throw new Error(`${file}: ends within sample ${i} of ${shape[0]}`);
          yield elementsOf(bytes, type, false);
        }
      } finally {
        await reader.close();
      }
      return undefined;
    },
  };
}

/** Images whose rows and columns are to be exchanged; it is said. */
function transposed(array: StoredArray, path: string, { problems }: Look): StoredArray {
  const [count, width, height] = array.shape as readonly [number, number, number];
  problems.add('transposed', path, "lies on its side, as EMNIST's files do", 'turned upright');
  return {
    ...array,
    shape: [count, height, width],
    async *samples(from) {
      for await (const values of array.samples(from)) yield exchanged(values, width, height);
      return undefined;
    },
  };
}

function nameParts(file: ListedFile): Named {
  const words = wordsOf(file.name.replace(/\.gz$/i, ''));
  const rest = words.filter(
    (word) =>
      !/^(idx\d*|u?byte|short|int|float|double|txt)$/.test(word) &&
      !INPUT.has(word) &&
      !TARGET.has(word) &&
      !splitNamed(word),
  );
  const part = words.some((word) => INPUT.has(word))
    ? 'input'
    : words.some((word) => TARGET.has(word))
      ? 'target'
      : null;
  return { ...file, family: rest.join(' '), split: splitIn(file.name) ?? 'all', part };
}

/** Of the same file plain and compressed, or in two folders, the first plain one. */
function withoutCopies(files: readonly Named[], { problems }: Look): Named[] {
  const chosen = new Map<string, Named>();
  const plainFirst = [...files].sort(
    (a, b) => Number(/\.gz$/i.test(a.name)) - Number(/\.gz$/i.test(b.name)),
  );
  for (const file of plainFirst) {
    const key = `${file.split} ${file.part ?? file.name}`;
    const other = chosen.get(key);
    if (other)
      problems.add('copy', file.path, `is the same by its name as ${other.path}`, 'left out');
    else chosen.set(key, file);
  }
  return files.filter((file) => [...chosen.values()].includes(file));
}

/** Labels that lie beside chosen images, by their names. */
async function labelsBeside(files: readonly Named[], { listing }: Look): Promise<Named[]> {
  const missing = files.filter(
    ({ part, split, family }) =>
      part === 'input' &&
      !files.some((f) => f.part === 'target' && f.split === split && f.family === family),
  );
  const found: Named[] = [];
  for (const { file, folder, split, family } of missing) {
    const names = await readdir(dirname(file));
    const labels = names
      .sort()
      .map((name) => nameParts(listed(listing, folder, name)))
      .find(
        (beside) =>
          /idx\d|ubyte/i.test(beside.name) &&
          beside.part === 'target' &&
          beside.split === split &&
          beside.family === family,
      );
    if (labels) found.push(labels);
  }
  return found;
}

async function isIdx(file: string): Promise<boolean> {
  if (await isGzip(file))
    return readIdxHeader(file).then(
      () => true,
      () => false,
    );
  const [a, b, type, rank] = await readAt(file, 0, 4);
  return a === 0 && b === 0 && type! >= 8 && type! <= 14 && rank! >= 1 && rank! <= 8;
}
