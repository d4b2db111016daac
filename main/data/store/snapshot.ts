import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ImportSummary } from './report.ts';

/** What an import found: the samples that can be used, in order, and what is to be said of them. */
export interface Snapshot extends SampleList {
  readonly id: string;
  readonly head: SnapshotHead;
}

export interface SampleList {
  /** Each sample's record. */
  readonly records: Int32Array;
  /** CRC-32 of each sample's records, by stored column. */
  readonly sums: readonly Uint32Array[];
  /** Each sample's class, by column of classes. */
  readonly classes: Readonly<Record<string, Int32Array>>;
  /** Where each sample's name begins in the file of names, and where the last one ends. */
  readonly nameStarts: Float64Array;
}

export interface SnapshotHead extends ImportSummary {
  /** Hash of everything that the import met: equal where nothing changed. */
  readonly listing: string;
  /** Of the source's own stamp and what was recognised, where it has one. */
  readonly stamp: string | null;
}

/** What the head's file holds. */
interface StoredHead {
  readonly id: string;
  readonly size: number;
  readonly columns: number;
  readonly classes: readonly string[];
  readonly head: SnapshotHead;
}

const CURRENT = 'snapshot.json';
const PREFIX = 'samples-';

/** The folder of a new snapshot of an entry, and its id. */
export async function beginSnapshot(entry: string): Promise<{ id: string; folder: string }> {
  const id = randomUUID();
  const folder = join(entry, PREFIX + id);
  await mkdir(folder, { recursive: true });
  return { id, folder };
}

/** The file of names in a snapshot's folder. */
export function namesFile(entry: string, id: string): string {
  return join(entry, PREFIX + id, 'names.bin');
}

/** Makes a snapshot, begun before, the entry's own. */
export async function writeSnapshot(
  entry: string,
  { id, head, records, sums, classes, nameStarts }: Snapshot,
): Promise<void> {
  const arrays = [nameStarts, records, ...sums, ...Object.values(classes)];
  const bytes = arrays.map((array) =>
    Buffer.from(array.buffer, array.byteOffset, array.byteLength),
  );
  await writeFile(join(entry, PREFIX + id, 'samples.bin'), bytes);
  const size = records.length;
  const stored: StoredHead = {
    id,
    size,
    columns: sums.length,
    classes: Object.keys(classes),
    head,
  };
  const part = join(entry, PREFIX + id, 'head.json');
  await writeFile(part, JSON.stringify(stored));
  await rename(part, join(entry, CURRENT));
}

/** Removes an entry's snapshots but the one with this id: what earlier imports left. */
export async function removeOthers(entry: string, id: string | undefined): Promise<void> {
  for (const name of await readdir(entry))
    if (name.startsWith(PREFIX) && name !== `${PREFIX}${id}`)
      await rm(join(entry, name), { recursive: true, force: true });
}

/** The entry's snapshot; null where there is none, or none that is whole. */
export async function readSnapshot(entry: string): Promise<Snapshot | null> {
  try {
    const text = await readFile(join(entry, CURRENT), 'utf8');
    const { id, size, columns, classes, head } = JSON.parse(text) as StoredHead;
    const { buffer } = new Uint8Array(await readFile(join(entry, PREFIX + id, 'samples.bin')));
    const start = (size + 1) * 8;
    if (buffer.byteLength !== start + size * 4 * (1 + columns + classes.length)) return null;
    const at = (index: number) => start + index * size * 4;
    return {
      id,
      head,
      nameStarts: new Float64Array(buffer, 0, size + 1),
      records: new Int32Array(buffer, at(0), size),
      sums: Array.from({ length: columns }, (_, i) => new Uint32Array(buffer, at(1 + i), size)),
      classes: Object.fromEntries(
        classes.map((name, i) => [name, new Int32Array(buffer, at(1 + columns + i), size)]),
      ),
    };
  } catch {
    return null;
  }
}
