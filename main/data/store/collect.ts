import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { SplitName } from '../../../shared/api/data.ts';
import { MISSING } from '../dataset.ts';
import type { Source, SourceSample, SourceValue } from '../source.ts';
import { openDonors, type Donors } from './donors.ts';
import type { Entry, NewRow } from './entry.ts';
import { ImageError } from './image/pixels.ts';
import { recordBytes, type StoredColumn } from './layout.ts';
import { cancelled } from './lock.ts';
import { ListedProblems } from './problem-list.ts';
import type { NameFile } from './names.ts';
import type { Meter } from './progress.ts';
import { contentKey, quickKey, storeValue, withValues, type StorableValue } from './value.ts';

/** The samples of a source that can be used, with their records in an entry. */
export interface Collected {
  readonly records: Int32Array;
  /** CRC-32 of each sample's name. */
  readonly nameSums: Uint32Array;
  readonly classes: Readonly<Record<string, Int32Array>>;
  readonly splits: readonly { readonly name: SplitName; readonly size: number }[];
  readonly problems: ListedProblems;
  /** Hash of everything that was met: equal where nothing changed. */
  readonly listing: string;
}

/** What became of a sample: the number of its record, a row that is to be written, or why it is left out. */
type Outcome =
  | { readonly name: string; readonly record: number; readonly classes: readonly number[] }
  | { readonly name: string; readonly row: NewRow; readonly classes: readonly number[] }
  | { readonly name: string; readonly error: ImageError };

interface Options {
  readonly cache: string;
  /** Takes the names of the samples that can be used. */
  readonly names: NameFile;
  readonly signal?: AbortSignal | undefined;
  readonly meter: Meter;
}

/** Bytes of decoded records that wait for those before them, and that are written at once. */
const HELD_BYTES = 64 << 20;
const WRITE_BYTES = 4 << 20;
/** Samples that are under way at once, and rows that are written at once, at most. */
const MOST_UNDER_WAY = 64;
const MOST_ROWS = 512;
/** How long the process is kept from all else at most, in ms. */
const BUSY = 20;
/** How long decoded samples wait to be written at most, in ms: so much is lost when the process dies. */
const WRITE_AFTER = 1000;

/**
 * Meets every sample of a source in its order, and decodes into the entry what it does not hold. Throws what the
 * source throws and `CANCELLED`; what was decoded until then is written.
 */
export async function collectSamples(
  source: Source,
  entry: Entry,
  { cache, names, signal, meter }: Options,
): Promise<Collected> {
  const donors = await openDonors(cache, entry);
  const work = new Collection(source, entry, names, donors, meter);
  try {
    for (const split of source.splits) {
      for await (const sample of split.samples()) {
        if (signal?.aborted) throw cancelled();
        await work.meet(sample);
      }
      await work.endSplit(split.name);
    }
    return await work.end();
  } finally {
    await work.stop();
    await donors.close();
  }
}

class Collection {
  readonly #source: Source;
  readonly #entry: Entry;
  readonly #names: NameFile;
  readonly #donors: Donors;
  readonly #meter: Meter;
  readonly #problems: ListedProblems;
  readonly #digest = createHash('sha256');
  readonly #stored: readonly StoredColumn[];
  readonly #labels: readonly { name: string; classes: number }[];
  readonly #atOnce: number;
  readonly #underWay: (Outcome | Promise<Outcome>)[] = [];
  #rows: { sample: number; row: NewRow; bytes: number }[] = [];
  #waiting = 0;
  #written = performance.now();
  #rested = performance.now();
  readonly #records: number[] = [];
  readonly #nameSums: number[] = [];
  readonly #classes: number[][];
  readonly #splits: { name: SplitName; size: number }[] = [];

  constructor(source: Source, entry: Entry, names: NameFile, donors: Donors, meter: Meter) {
    this.#source = source;
    this.#entry = entry;
    this.#names = names;
    this.#donors = donors;
    this.#meter = meter;
    this.#problems = new ListedProblems(source.problems);
    this.#stored = entry.layout.columns;
    this.#labels = source.columns
      .filter(({ kind }) => kind === 'class')
      .map(({ name, classes }) => ({ name, classes: classes?.length ?? 0 }));
    this.#classes = this.#labels.map(() => []);
    const bytes = Math.max(1, recordBytes(entry.layout));
    this.#atOnce = Math.max(2, Math.min(MOST_UNDER_WAY, Math.floor(HELD_BYTES / bytes)));
  }

  /** Takes the next sample; waits while too many are under way. */
  async meet(sample: SourceSample): Promise<void> {
    this.#underWay.push(this.#begin(sample));
    if (this.#underWay.length >= this.#atOnce) await this.#settleNext();
    if (performance.now() - this.#rested < BUSY) return;
    await new Promise(setImmediate);
    this.#rested = performance.now();
  }

  async endSplit(name: SplitName): Promise<void> {
    while (this.#underWay.length > 0) await this.#settleNext();
    const before = this.#splits.reduce((sum, { size }) => sum + size, 0);
    this.#splits.push({ name, size: this.#records.length - before });
    this.#digest.update(`split ${name}\0`);
  }

  async end(): Promise<Collected> {
    await this.#write();
    const records = Int32Array.from(this.#records);
    const classes = Object.fromEntries(
      this.#labels.map(({ name }, i) => [name, Int32Array.from(this.#classes[i]!)]),
    );
    const { columns, problems, recognised } = this.#source;
    this.#digest.update(JSON.stringify([columns, problems, recognised]));
    for (const numbers of [records, ...Object.values(classes)]) this.#digest.update(numbers);
    return {
      records,
      nameSums: Uint32Array.from(this.#nameSums),
      classes,
      splits: this.#splits,
      problems: this.#problems,
      listing: this.#digest.digest('hex'),
    };
  }

  /** Waits for what is under way and writes what is decoded, whatever ended the import. */
  async stop(): Promise<void> {
    const outcomes = await Promise.allSettled(this.#underWay);
    for (const outcome of outcomes)
      if (outcome.status === 'fulfilled' && 'row' in outcome.value)
        this.#rows.push({ sample: -1, row: outcome.value.row, bytes: 0 });
    this.#underWay.length = 0;
    await this.#write();
  }

  #begin(sample: SourceSample): Outcome | Promise<Outcome> {
    const { name, values } = sample;
    const quick = quickKey(this.#source, sample);
    this.#digest.update(quick);
    try {
      const classes = this.#labels.map((label) => classOf(values[label.name], label));
      const stored = this.#stored.map((column) => storable(values[column.name], column));
      const record = this.#entry.find(quick);
      if (record !== undefined) return { name, record, classes };
      return this.#bring(stored, quick).then(
        (row) => ({ name, row, classes }),
        (error: unknown) => {
          if (error instanceof ImageError) return { name, error };
          throw error;
        },
      );
    } catch (error) {
      if (error instanceof ImageError) return { name, error };
      throw error;
    }
  }

  /** Decodes values, or finds what somebody decoded before. */
  async #bring(values: readonly StorableValue[], quick: Buffer): Promise<NewRow> {
    const { columns } = this.#entry.layout;
    const donated = await this.#donors.find(quick);
    if (donated) return { row: { ...donated.row, quick }, records: donated.records };
    return withValues(values, async (loaded) => {
      const content = contentKey(loaded);
      const known = this.#entry.findContent(content);
      if (known !== undefined) return { row: { quick, content, images: [] }, records: known };
      const copied = await this.#donors.findContent(content);
      if (copied) return { row: { ...copied.row, quick }, records: copied.records };
      const stored = await Promise.all(loaded.map((value, i) => storeValue(value, columns[i]!)));
      return {
        row: { quick, content, images: stored.map(({ image }) => image) },
        records: stored.map(({ record }) => record),
      };
    });
  }

  async #settleNext(): Promise<void> {
    const next = this.#underWay.shift()!;
    const outcome = next instanceof Promise ? await next : next;
    if ('error' in outcome) this.#leaveOut(outcome.name, outcome.error);
    else {
      const sample = this.#records.length;
      this.#records.push('record' in outcome ? outcome.record : -1);
      outcome.classes.forEach((index, i) => this.#classes[i]!.push(index));
      this.#names.add(outcome.name);
      this.#nameSums.push(crc32(outcome.name));
      if ('row' in outcome) await this.#keep(sample, outcome.row);
    }
    this.#meter.met('record' in outcome, 'error' in outcome);
  }

  #leaveOut(path: string, { code, message }: ImageError): void {
    this.#digest.update(`left out ${code}\0`);
    this.#problems.addNew({ code, path, message, action: 'left out' });
  }

  async #keep(sample: number, row: NewRow): Promise<void> {
    const { records } = row;
    const bytes =
      typeof records === 'number' ? 0 : records.reduce((sum, { length }) => sum + length, 0);
    this.#rows.push({ sample, row, bytes });
    this.#waiting += bytes;
    const due = performance.now() - this.#written > WRITE_AFTER;
    if (due || this.#waiting >= WRITE_BYTES || this.#rows.length >= MOST_ROWS) await this.#write();
  }

  async #write(): Promise<void> {
    const rows = this.#rows;
    this.#rows = [];
    this.#waiting = 0;
    this.#written = performance.now();
    if (rows.length === 0) return;
    const numbers = await this.#entry.append(rows.map(({ row }) => row));
    rows.forEach(({ sample }, i) => {
      if (sample >= 0) this.#records[sample] = numbers[i]!;
    });
  }
}

function classOf(
  value: SourceValue | null | undefined,
  { name, classes }: { name: string; classes: number },
): number {
  if (!value) return MISSING;
  if (value.kind !== 'class' || !(value.index >= 0 && value.index < classes))
    throw new ImageError(
      'unknown-class',
      `its ${name} is ${value.kind === 'class' ? value.index : value.kind}; there are ${classes} classes`,
    );
  return value.index;
}

function storable(
  value: SourceValue | null | undefined,
  { name: column, kind }: StoredColumn,
): StorableValue {
  if (!value) {
    if (kind === 'numbers') return { kind: 'missing' };
    throw new ImageError('missing-value', `it has no ${column}`);
  }
  if (value.kind === 'class')
    throw new ImageError(
      'unreadable',
      `column ${column}: expected an image or numbers; got a class`,
    );
  return value;
}
