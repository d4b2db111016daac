import { stat } from 'node:fs/promises';
import { dataError } from '../dataset.ts';
import type { SourceSample, SourceValue } from '../source.ts';
import { channelsLast } from './array-columns.ts';
import { ByteReader, bytesOf, readAt } from './bytes.ts';
import { addClassProblems } from './classes.ts';
import { filesOf, stampOf, type ListedFile, type Look, type Recogniser } from './look.ts';
import { compareNames, counted, describeSplits, SPLIT_ORDER, type SplitName } from './names.ts';
import { tarMembers } from './tar.ts';

const PIXELS = 3072;
const SHAPE = [32, 32, 3] as const;
const CIFAR10 = 'airplane automobile bird cat deer dog frog horse ship truck'.split(' ');

/** A file of records: in an archive from `offset` on, or by itself. */
interface Batch {
  readonly file: string;
  readonly path: string;
  readonly offset: number;
  readonly size: number;
  readonly split: SplitName;
}

/** Which labels, a byte each, lie before the pixels of a record. */
interface Layout {
  readonly labels: readonly string[];
  readonly classes: readonly (readonly string[])[];
}

/** The binary version of CIFAR-10 or CIFAR-100, as it is downloaded or unpacked. Format: its page in Toronto. */
export const recogniseCifar: Recogniser = async (look) => {
  const files = await filesIn(look);
  const batches = files
    .flatMap((file): Batch[] => {
      const name = file.path.split(/[/:]/).at(-1)!;
      if (!/^(data_batch_\d+|test_batch|train|test)\.bin$/.test(name)) return [];
      return [{ ...file, split: name.startsWith('test') ? 'test' : 'train' }];
    })
    .sort((a, b) => compareNames(a.path, b.path));
  if (batches.length === 0) {
    const pickled = files.find(({ path }) => /(^|[/:])(data_batch_1|meta)$/.test(path));
    if (pickled)
      throw dataError(
        `${pickled.path} is Python's version of CIFAR, which is not read for it could run code; expected the binary version (cifar-10-binary.tar.gz)`,
      );
    return null;
  }
  const isHundred = batches.some(({ path }) => /(^|[/:])train\.bin$/.test(path));
  const layout = isHundred
    ? await layoutOf(files, ['coarse_label', 'label'], ['coarse_label_names', 'fine_label_names'])
    : await layoutOf(files, ['label'], ['batches.meta']);
  const record = layout.labels.length + PIXELS;
  const odd = batches.find(({ size }) => size === 0 || size % record);
  // Files called train.bin and test.bin can be anything.
  if (odd && isHundred && !look.options.kind) return null;
  if (odd)
    throw dataError(
      `${odd.path}: expected records of ${record} bytes; ${counted(odd.size, 'byte')} are no number of them`,
    );
  return cifarSource(batches, layout, look);
};

/** The files of the look, and those in its archives. */
async function filesIn({ listing, signal }: Look): Promise<Omit<Batch, 'split'>[]> {
  const found: Omit<Batch, 'split'>[] = [];
  for (const { file, path } of archivesIn(listing))
    for (const { name, offset, size } of await tarMembers(file, signal))
      found.push({ file, path: `${path}:${name}`, offset, size });
  if (found.length) return found;
  const plain = filesOf(listing, (name) =>
    /^(data_batch_\d+|test_batch|train|test)(\.bin)?$|^(meta|.*(\.meta|_names)(\.txt)?)$/.test(
      name,
    ),
  );
  for (const { file, path } of plain)
    found.push({ file, path, offset: 0, size: (await stat(file)).size });
  return found;
}

function archivesIn(listing: Look['listing']): ListedFile[] {
  return filesOf(listing, (name) => /^cifar.*\.(tar|tar\.gz|tgz)$/i.test(name));
}

async function layoutOf(
  files: readonly Omit<Batch, 'split'>[],
  labels: readonly string[],
  lists: readonly string[],
): Promise<Layout> {
  const classes: string[][] = [];
  for (const list of lists) {
    const found = files.find(({ path }) => path.endsWith(`${list}.txt`));
    const text = found ? await textOf(found) : '';
    const names = text
      .split('\n')
      .map((line) => line.trim())
      .filter(Boolean);
    const numbers = Array.from({ length: list.startsWith('coarse') ? 20 : 100 }, (_, i) =>
      String(i),
    );
    classes.push(names.length ? names : labels.length === 1 ? CIFAR10 : numbers);
  }
  return { labels, classes };
}

async function textOf({ file, offset, size }: Omit<Batch, 'split'>): Promise<string> {
  const length = Math.min(size, 1 << 16);
  if (offset === 0) return Buffer.from(await readAt(file, 0, length)).toString();
  const reader = new ByteReader(bytesOf(file));
  try {
    await reader.skip(offset);
    return Buffer.from(await reader.read(length)).toString();
  } finally {
    await reader.close();
  }
}

async function cifarSource(all: readonly Batch[], { labels, classes }: Layout, look: Look) {
  const record = labels.length + PIXELS;
  const files = [...new Set(all.map(({ file }) => file))];
  const stamp = (await Promise.all(files.map(stampOf))).join(' ');
  const splits = SPLIT_ORDER.flatMap((name) => {
    const batches = all.filter(({ split }) => split === name);
    const size = batches.reduce((sum, batch) => sum + batch.size / record, 0);
    return size ? [{ name, size, batches }] : [];
  });
  const counts = labels.map((_, l) =>
    splits.map(({ name }) => ({ split: name, counts: classes[l]!.map(() => 0) })),
  );
  for (const [s, { batches }] of splits.entries())
    for await (const { bytes, name } of recordsOf(batches, record, 0)) {
      look.signal?.throwIfAborted();
      for (const [l, label] of labels.entries()) {
        if (bytes[l]! >= classes[l]!.length)
          look.problems.add(
            'unknown-class',
            name,
            `its ${label} is ${bytes[l]}; there are ${classes[l]!.length} classes`,
            'left out',
          );
        else counts[l]![s]!.counts[bytes[l]!]!++;
      }
    }
  for (const [l, names] of classes.entries()) addClassProblems(names, counts[l]!, look.problems);
  async function* samples(
    batches: readonly Batch[],
    from: number,
  ): AsyncGenerator<SourceSample, undefined, void> {
    for await (const { bytes, name } of recordsOf(batches, record, from)) {
      const values: Record<string, SourceValue | null> = {
        image: {
          kind: 'raw',
          shape: SHAPE,
          data: channelsLast(bytes.subarray(labels.length), SHAPE),
        },
      };
      for (const [l, label] of labels.entries())
        values[label] = bytes[l]! < classes[l]!.length ? { kind: 'class', index: bytes[l]! } : null;
      yield { name, stamp, values };
    }
    return undefined;
  }
  return {
    kind: 'cifar' as const,
    stamp,
    recognised: `the binary version of CIFAR-${labels.length === 1 ? 10 : 100}: ${describeSplits(splits, 'image')} of 32 by 32 px, ${labels.map((label, l) => `${label} of ${counted(classes[l]!.length, 'class', 'classes')}`).join(', ')}`,
    columns: [
      { name: 'image', kind: 'image' as const, shape: SHAPE },
      ...labels.map((name, l) => ({ name, kind: 'class' as const, classes: classes[l]! })),
    ],
    splits: splits.map(({ name, size, batches }) => ({
      name,
      size,
      samples: (from = 0) => samples(batches, from),
    })),
    uses: (path: string) => /\.(bin|meta\.txt|html|tar|gz|tgz)$|_names\.txt$/.test(path),
  };
}

/** The records of batches from number `from` on; an archive is begun anew only where a batch lies before the last. */
async function* recordsOf(batches: readonly Batch[], record: number, from: number) {
  let open = null as { readonly file: string; at: number; readonly reader: ByteReader } | null;
  let skip = from;
  try {
    for (const { file, path, offset, size } of batches) {
      const count = size / record;
      const first = Math.min(skip, count);
      skip -= first;
      if (first === count) continue;
      const start = offset + first * record;
      if (open?.file !== file || open.at > start) {
        await open?.reader.close();
        open = { file, at: 0, reader: new ByteReader(bytesOf(file)) };
      }
      await open.reader.skip(start - open.at);
      for (let i = first; i < count; i++) {
        const bytes = await open.reader.read(record);
        if (bytes.length < record) throw new Error(`${path}: ends within record ${i} of ${count}`);
        yield { bytes, name: `${path}[${i}]` };
      }
      open.at = offset + size;
    }
  } finally {
    await open?.reader.close();
  }
}
