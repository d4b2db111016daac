import { appendFile, mkdir, open, readFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { KeyTable } from './key-table.ts';
import type { Layout } from './layout.ts';
import { rowCodec, type Row } from './row.ts';

/** Rows, and bytes of records, that are read at once. */
const CHUNK_ROWS = 4096;
const CHUNK_BYTES = 1 << 20;

/** What is added to an entry: a row with new records, one a stored column, or with the number of one that is there. */
export interface NewRow {
  readonly row: Omit<Row, 'record' | 'sums'>;
  readonly records: readonly Buffer[] | number;
}

/**
 * The decoded samples of one source in one layout: a file of records a column, and a log of rows that say what the
 * records are. Both only grow. A row is written after its records and has a checksum, so whatever a crash leaves
 * behind the last whole row is overwritten later. One process writes at a time.
 */
export class Entry {
  readonly folder: string;
  readonly layout: Layout;
  /** How many records there are. */
  records = 0;
  readonly #columns: readonly FileHandle[];
  readonly #log: FileHandle;
  readonly #quick = new KeyTable();
  readonly #content = new KeyTable();
  /** The first row of each record. */
  readonly #rowOf: number[] = [];
  #rows = 0;

  private constructor(folder: string, layout: Layout, handles: readonly FileHandle[]) {
    this.folder = folder;
    this.layout = layout;
    this.#columns = handles.slice(0, -1);
    this.#log = handles.at(-1)!;
  }

  /** Opens an entry: one that is there to be read, or any to be written to. */
  static async open(folder: string, layout: Layout, mode: 'read' | 'write'): Promise<Entry> {
    if (mode === 'write') await mkdir(folder, { recursive: true });
    const handles: FileHandle[] = [];
    try {
      for (const path of [...columnFiles(folder, layout), logFile(folder)])
        handles.push(await (mode === 'write' ? openOrMake(path) : open(path, 'r')));
      const entry = new Entry(folder, layout, handles);
      await entry.#readLog();
      return entry;
    } catch (error) {
      await Promise.all(handles.map((handle) => handle.close()));
      throw error;
    }
  }

  /** The record of an unchanged sample. */
  find(quick: Buffer): number | undefined {
    return this.#quick.get(quick);
  }

  /** A record of the same content. */
  findContent(content: Buffer): number | undefined {
    return this.#content.get(content);
  }

  /** All rows in the order in which they were written, while each is looked at: their keys are overwritten later. */
  async *rows(): AsyncGenerator<Row, undefined> {
    const codec = rowCodec(this.layout);
    const buffer = Buffer.alloc(CHUNK_ROWS * codec.bytes);
    for (let first = 0; ; first += CHUNK_ROWS) {
      const bytes = await readFully(this.#log, buffer, first * codec.bytes);
      const count = Math.floor(bytes / codec.bytes);
      for (let i = 0; i < count; i++) {
        const row = codec.read(buffer, i * codec.bytes);
        if (!row) return undefined;
        yield row;
      }
      if (count < CHUNK_ROWS) return undefined;
    }
  }

  async #readLog(): Promise<void> {
    const { columns } = this.layout;
    const sizes = await Promise.all(this.#columns.map((column) => column.stat()));
    const room = Math.min(...sizes.map(({ size }, i) => Math.floor(size / columns[i]!.bytes)));
    const damaged = await damagedRecords(this.folder);
    for await (const { quick, content, record } of this.rows()) {
      if (record >= room || record > this.records) break;
      if (record === this.records) this.#rowOf[this.records++] = this.#rows;
      this.#rows++;
      if (!damaged.has(record)) this.#learn(quick, content, record);
    }
  }

  #learn(quick: Buffer, content: Buffer, record: number): void {
    this.#quick.set(quick, record);
    this.#content.set(content, record);
  }

  /** Adds rows and gives their records' numbers. To be awaited before the next call. */
  async append(added: readonly NewRow[]): Promise<number[]> {
    const codec = rowCodec(this.layout);
    const log = Buffer.alloc(added.length * codec.bytes);
    const fresh: (readonly Buffer[])[] = [];
    const numbers = added.map(({ row, records }, i) => {
      const known = typeof records === 'number';
      const record = known ? records : this.records + fresh.push(records) - 1;
      const sums = known ? [] : records.map((bytes) => crc32(bytes));
      codec.write({ ...row, record, sums }, log, i * codec.bytes);
      return record;
    });
    for (const [column, { bytes }] of this.layout.columns.entries()) {
      const parts = fresh.map((records) => records[column]!);
      await writeFully(this.#columns[column]!, Buffer.concat(parts), this.records * bytes);
    }
    await writeFully(this.#log, log, this.#rows * codec.bytes);
    for (const [i, { row }] of added.entries()) {
      if (numbers[i] === this.records) this.#rowOf[this.records++] = this.#rows + i;
      this.#learn(row.quick, row.content, numbers[i]!);
    }
    this.#rows += added.length;
    return numbers;
  }

  /** A record with its row; null when it is damaged. */
  async read(record: number): Promise<{ row: Row; records: Buffer[] } | null> {
    const codec = rowCodec(this.layout);
    const line = Buffer.alloc(codec.bytes);
    await readFully(this.#log, line, this.#rowOf[record]! * codec.bytes);
    const row = codec.read(line, 0);
    const records = await Promise.all(
      this.layout.columns.map(async ({ bytes }, column) => {
        const buffer = Buffer.alloc(bytes);
        await readFully(this.#columns[column]!, buffer, record * bytes);
        return buffer;
      }),
    );
    const whole = row && records.every((bytes, column) => crc32(bytes) === row.sums[column]);
    return whole ? { row, records } : null;
  }

  /** The numbers of a column of float32 in the records of these samples, many at once, in order. */
  async *columnValues(
    column: number,
    records: Int32Array,
  ): AsyncGenerator<Float32Array, undefined> {
    const { bytes } = this.layout.columns[column]!;
    const most = Math.max(1, Math.floor(CHUNK_BYTES / bytes));
    for (let i = 0, count: number; i < records.length; i += count) {
      for (count = 1; count < most && records[i + count] === records[i]! + count;) count++;
      const values = new Float32Array((bytes / 4) * count);
      await readFully(this.#columns[column]!, Buffer.from(values.buffer), records[i]! * bytes);
      yield values;
    }
    return undefined;
  }

  /** Sees to it that everything written is on the disk. */
  async sync(): Promise<void> {
    for (const handle of [...this.#columns, this.#log]) await handle.sync();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#columns, this.#log].map((handle) => handle.close()));
  }
}

/** The files of an entry's records, by column. */
export function columnFiles(folder: string, { columns }: Layout): string[] {
  return columns.map((_, i) => join(folder, `column-${i}.bin`));
}

function logFile(folder: string): string {
  return join(folder, 'rows.bin');
}

/** Remembers that records are damaged, so that the next import makes them anew. */
export async function markDamaged(folder: string, records: readonly number[]): Promise<void> {
  await appendFile(join(folder, 'damaged'), records.map((record) => `${record}\n`).join(''));
}

async function damagedRecords(folder: string): Promise<ReadonlySet<number>> {
  const text = await readFile(join(folder, 'damaged'), 'utf8').catch(() => '');
  return new Set(text.split('\n').filter(Boolean).map(Number));
}

async function openOrMake(path: string): Promise<FileHandle> {
  return open(path, 'r+').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return open(path, 'w+');
  });
}

/** Reads until the buffer is full or the file ends; gives the number of bytes. */
async function readFully(file: FileHandle, buffer: Buffer, position: number): Promise<number> {
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await file.read(
      buffer,
      filled,
      buffer.length - filled,
      position + filled,
    );
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}

async function writeFully(file: FileHandle, buffer: Buffer, position: number): Promise<void> {
  for (let done = 0; done < buffer.length;) {
    const { bytesWritten } = await file.write(buffer, done, buffer.length - done, position + done);
    done += bytesWritten;
  }
}
