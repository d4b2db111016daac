import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { Affine } from '../../../shared/data/preprocessing.ts';

/** A column's file and how its records become float32. Plain data: it goes to a thread. */
export interface ReadColumn {
  readonly file: string;
  readonly dtype: 'uint8' | 'uint16' | 'float32';
  /** Numbers in a record. */
  readonly size: number;
  /** What is done to the number at each place, over and over: one a channel, one a number, or one for all. */
  readonly affine: readonly Affine[];
}

/** Samples of some columns: their records, and the checksums of these by column. */
export interface BatchRequest {
  readonly records: Int32Array;
  readonly columns: readonly { readonly column: number; readonly sums: Uint32Array }[];
}

/** Reads records into batches. Buffers for what is read are used again. */
export interface BatchMaker {
  /** One array a column that is asked for. Throws a DamagedRecord. */
  make(request: BatchRequest): Float32Array<ArrayBuffer>[];
  /** The records among these that are damaged. */
  check(request: BatchRequest): number[];
  close(): void;
}

/** A record of the cache is not what was written. */
export class DamagedRecord extends Error {
  readonly record: number;

  constructor(record: number) {
    super(`record ${record} of the cache is damaged`);
    this.record = record;
  }
}

/** Records that lie so near are read at once, together with what is between them; at most so much. */
const GAP = 16 << 10;
const RUN = 4 << 20;

/** Opens the columns' files, and keeps them in memory where they are together no larger. Throws where one is missing. */
export function createBatchMaker(columns: readonly ReadColumn[], most = 0): BatchMaker {
  const files = columns.map(({ file }) => openSync(file, 'r'));
  const held = holdFiles(files, most);
  const tables = columns.map(tableOf);
  let scratch = Buffer.alloc(1 << 20);
  return {
    make(request) {
      return visit(request, ({ column, count }) => {
        const { size } = columns[column]!;
        const out = new Float32Array(size * count);
        return {
          out,
          take: (sample, bytes) =>
            convert(bytes, columns[column]!, tables[column]!, out, sample * size),
          damaged(record) {
            throw new DamagedRecord(record);
          },
        };
      }).map(({ out }) => out);
    },
    check(request) {
      const found = new Set<number>();
      visit(request, () => ({ take: () => {}, damaged: (record) => found.add(record) }));
      return [...found];
    },
    close: () => files.forEach((file) => closeSync(file)),
  };

  /** Reads what is asked for column by column, and gives it to what `open` makes for each. */
  function visit<V extends Visitor>(
    { records, columns: wanted }: BatchRequest,
    open: (column: { column: number; count: number }) => V,
  ): V[] {
    const order = Uint32Array.from(records, (_, i) => i);
    if (!held) order.sort((a, b) => records[a]! - records[b]!);
    return wanted.map(({ column, sums }) => {
      const visitor = open({ column, count: records.length });
      const length = recordLength(column);
      for (const { first, samples, bytes } of runs(column, records, order))
        for (const sample of samples) {
          const record = records[sample]!;
          const start = (record - first) * length;
          const part = bytes.subarray(start, start + length);
          if (part.length < length || crc32(part) !== sums[sample]) visitor.damaged(record);
          else visitor.take(sample, part);
        }
      return visitor;
    });
  }

  /** The records, by the parts of the file that hold some of them; all in one where it is in memory. */
  function* runs(column: number, records: Int32Array, order: Uint32Array): Generator<Run> {
    if (held) {
      yield { first: 0, samples: order, bytes: held[column]! };
      return;
    }
    const each = recordLength(column);
    for (let i = 0, end: number; i < order.length; i = end) {
      const first = records[order[i]!]!;
      let last = first;
      for (end = i + 1; end < order.length; end++) {
        const next = records[order[end]!]!;
        if ((next - last - 1) * each > GAP || (next + 1 - first) * each > RUN) break;
        last = next;
      }
      const length = (last + 1 - first) * each;
      if (scratch.length < length) scratch = Buffer.alloc(length);
      const filled = readFully(files[column]!, scratch, length, first * each);
      yield { first, samples: order.subarray(i, end), bytes: scratch.subarray(0, filled) };
    }
  }

  function recordLength(column: number): number {
    const { size, dtype } = columns[column]!;
    return size * width[dtype];
  }
}

/** A part of a column's file, from the start of a record on, and the places in the request of records in it. */
interface Run {
  readonly first: number;
  readonly samples: Uint32Array;
  readonly bytes: Buffer;
}

/** What is done with records, by their place in the request. */
interface Visitor {
  take(sample: number, bytes: Buffer): void;
  damaged(record: number): void;
}

const width = { uint8: 1, uint16: 2, float32: 4 };

/** For bytes: what each becomes, by place. */
function tableOf({ dtype, affine }: ReadColumn): Float32Array[] | null {
  if (dtype !== 'uint8') return null;
  return affine.map(({ factor, offset }) =>
    Float32Array.from({ length: 256 }, (_, byte) => byte * factor + offset),
  );
}

function convert(
  bytes: Buffer,
  { dtype, size, affine }: ReadColumn,
  tables: Float32Array[] | null,
  out: Float32Array,
  start: number,
): void {
  const places = affine.length;
  if (tables) {
    for (let place = 0; place < places; place++) {
      const table = tables[place]!;
      for (let i = place; i < size; i += places) out[start + i] = table[bytes[i]!]!;
    }
    return;
  }
  const values =
    dtype === 'uint16'
      ? new Uint16Array(bytes.buffer, bytes.byteOffset, size)
      : new Float32Array(bytes.buffer, bytes.byteOffset, size);
  for (let place = 0; place < places; place++) {
    const { factor, offset } = affine[place]!;
    for (let i = place; i < size; i += places) out[start + i] = values[i]! * factor + offset;
  }
}

/** What is in the files, where it is at most so many bytes together. */
function holdFiles(files: readonly number[], most: number): Buffer[] | null {
  const sizes = files.map((file) => fstatSync(file).size);
  if (sizes.reduce((sum, size) => sum + size, 0) > most) return null;
  return files.map((file, i) => {
    const held = Buffer.alloc(sizes[i]!);
    return held.subarray(0, readFully(file, held, held.length, 0));
  });
}

/** Reads until so much is there or the file ends; gives the number of bytes. */
function readFully(file: number, into: Buffer, length: number, position: number): number {
  let filled = 0;
  while (filled < length) {
    const read = readSync(file, into, filled, length - filled, position + filled);
    if (read === 0) break;
    filled += read;
  }
  return filled;
}
