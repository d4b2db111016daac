import { gunzipSync } from 'node:zlib';
import {
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type AsyncBuffer,
  type Compressors,
  type FileMetaData,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { open, type FileHandle } from 'node:fs/promises';
import { dataError } from '../dataset.ts';
import { readAt } from './bytes.ts';
import { isImageBytes, type Cell } from './cells.ts';
import { filesWith, stampOf, type ListedFile, type Look, type Recogniser } from './look.ts';
import { counted, splitOfPath } from './names.ts';
import { planTable } from './table-plan.ts';
import type { TableFile, TablePosition, TableRow } from './table-source.ts';
import { joinedTables, type PlannedTable } from './tables.ts';

/** So many bytes of a row group are decoded at a time, and no group may be larger than the most. */
const DECODED = 64 * 2 ** 20;
const MOST_IN_GROUP = 2 ** 30;
const MOST_ROWS_IN_GROUP = 2 ** 24;
const MOST_PAGE = 512 * 2 ** 20;
const MOST_FOOTER = 64 * 2 ** 20;
const SAMPLED = 200;

/** Parquet files, as the Hugging Face hub has them: images with classes, or columns of numbers. */
export const recogniseParquet: Recogniser = async (look) => {
  const files = filesWith(look.listing, '.parquet', '.pq');
  if (files.length === 0) return null;
  const tables: PlannedTable[] = [];
  for (const file of files) {
    look.signal?.throwIfAborted();
    tables.push(await plannedTable(file, look));
  }
  return joinedTables('parquet', tables, look);
};

async function plannedTable(listed: ListedFile, look: Look): Promise<PlannedTable> {
  const { file, path, folder } = listed;
  const metadata = await withFile(file, (handle, size) => metadataOf(handle, size, file));
  const columns = parquetSchema(metadata).children.map(({ element }) => element.name);
  const features = featuresOf(metadata);
  const classNames = new Map<string, readonly string[]>();
  for (const [name, { names }] of features) if (names) classNames.set(name, names);
  const table: TableFile = {
    path,
    folder,
    stamp: await stampOf(file),
    split: splitOfPath(path),
    columns,
    start: { offset: 0, line: 0 },
    rows: (from, unneeded) => parquetRows(file, metadata, columns, from, unneeded),
  };
  const rows: TableRow[] = [];
  for await (const some of parquetRows(file, metadata, columns, table.start, new Set(), SAMPLED)) {
    rows.push(...some);
    if (rows.length >= SAMPLED) break;
  }
  if (rows.length === 0) throw dataError(`${file} has no rows`);
  const leftOut: [string, string][] = [];
  const plan = planTable(
    columns,
    rows.slice(0, SAMPLED).map(({ cells }) => cells),
    look.options,
    (column, why) => leftOut.push([column, why]),
    { classes: new Set(classNames.keys()), paths: new Set() },
  );
  if (plan.length === 0) throw dataError(`${file} has no column of images, classes or numbers`);
  return { file: table, plan, leftOut, classNames };
}

/** Rows of all row groups from a row on. */
async function* parquetRows(
  file: string,
  metadata: FileMetaData,
  columns: readonly string[],
  from: TablePosition,
  unneeded: ReadonlySet<string> = new Set(),
  most = Infinity,
): AsyncGenerator<readonly TableRow[], undefined, void> {
  const needed = columns.filter((name) => !unneeded.has(name));
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    let start = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      const perRow = Number(group.total_byte_size) / Math.max(1, rows);
      const window = Math.min(most, Math.max(1, Math.floor(DECODED / Math.max(1, perRow))));
      for (let row = Math.max(start, from.offset); row < start + rows; row += window) {
        const end = Math.min(row + window, start + rows);
        yield await decoded(file, bufferOf(handle, size), metadata, columns, needed, row, end);
      }
      start += rows;
    }
  } finally {
    await handle.close();
  }
  return undefined;
}

async function decoded(
  file: string,
  buffer: AsyncBuffer,
  metadata: FileMetaData,
  columns: readonly string[],
  needed: readonly string[],
  rowStart: number,
  rowEnd: number,
): Promise<TableRow[]> {
  let found: Record<string, unknown>[] = [];
  if (needed.length)
    try {
      await parquetRead({
        file: buffer,
        metadata,
        columns: [...needed],
        rowStart,
        rowEnd,
        rowFormat: 'object',
        compressors: bounded,
        utf8: false,
        useOffsetIndex: true,
        onComplete: (rows) => (found = rows),
      });
    } catch (error) {
      throw new Error(`${file}: rows ${rowStart} to ${rowEnd - 1}: ${(error as Error).message}`, {
        cause: error,
      });
    }
  if (needed.length && found.length !== rowEnd - rowStart)
    throw new Error(
      `${file}: expected rows ${rowStart} to ${rowEnd - 1}; got ${found.length} of them`,
    );
  return Array.from({ length: rowEnd - rowStart }, (_, i) => ({
    at: { offset: rowStart + i, line: rowStart + i },
    cells: columns.map((name) => cellOf(found[i]?.[name])),
  }));
}

/** A value as a cell: whole numbers of 64 bits as numbers, bytes that begin as no image does as text. */
function cellOf(value: unknown): Cell {
  if (value === null || value === undefined) return null;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Uint8Array)
    return isImageBytes(value) ? value : Buffer.from(value).toString();
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(cellOf);
  if (ArrayBuffer.isView(value)) return Array.from(value as Float64Array, cellOf);
  if (typeof value !== 'object') return value as string | number | boolean;
  const { bytes, path } = value as { bytes?: unknown; path?: unknown };
  if (bytes !== undefined || path !== undefined)
    return {
      bytes: bytes instanceof Uint8Array ? bytes : null,
      path:
        typeof path === 'string'
          ? path
          : path instanceof Uint8Array
            ? Buffer.from(path).toString()
            : null,
    };
  return JSON.stringify(value, (_, inner: unknown) =>
    typeof inner === 'bigint' ? Number(inner) : inner,
  );
}

async function metadataOf(handle: FileHandle, size: number, file: string): Promise<FileMetaData> {
  const end = Buffer.from(await readAt(handle, Math.max(0, size - 8), 8));
  if (end.length < 8 || end.toString('latin1', 4) !== 'PAR1')
    throw dataError(`${file}: expected a Parquet file, which ends with PAR1; it may be cut short`);
  const footer = end.readUInt32LE();
  if (footer > size - 12 || footer > MOST_FOOTER)
    throw dataError(`${file}: the footer of ${footer} bytes does not fit a file of ${size}`);
  const metadata = await parquetMetadataAsync(bufferOf(handle, size)).catch((error: Error) => {
    throw dataError(`${file}: ${error.message}`);
  });
  for (const { num_rows, total_byte_size, columns } of metadata.row_groups) {
    const compressed = columns.reduce(
      (sum, { meta_data }) => sum + Number(meta_data?.total_compressed_size ?? 0),
      0,
    );
    if (
      num_rows < 0n ||
      num_rows > MOST_ROWS_IN_GROUP ||
      total_byte_size > 16 * MOST_IN_GROUP ||
      compressed > Math.min(size, MOST_IN_GROUP)
    )
      throw dataError(
        `${file} has a row group of ${counted(Number(num_rows), 'row')} and ${compressed} bytes; groups of at most ${counted(MOST_ROWS_IN_GROUP, 'row')} and 1 GB are read (row_group_size makes them smaller)`,
      );
  }
  return metadata;
}

interface Feature {
  readonly names?: readonly string[];
}

/** What Hugging Face's own words in the file say of the columns. */
function featuresOf({ key_value_metadata }: FileMetaData): Map<string, Feature> {
  const text = key_value_metadata?.find(({ key }) => key === 'huggingface')?.value;
  const found = new Map<string, Feature>();
  try {
    const { info } = JSON.parse(text ?? '{}') as { info?: { features?: Record<string, unknown> } };
    for (const [name, feature] of Object.entries(info?.features ?? {})) {
      const names = (feature as { names?: unknown } | null)?.names;
      if (Array.isArray(names) && names.every((one) => typeof one === 'string'))
        found.set(name, { names });
    }
  } catch {
    // Words that can't be read are as good as none.
  }
  return found;
}

async function withFile<T>(file: string, use: (handle: FileHandle, size: number) => Promise<T>) {
  const handle = await open(file);
  try {
    return await use(handle, (await handle.stat()).size);
  } finally {
    await handle.close();
  }
}

function bufferOf(handle: FileHandle, size: number): AsyncBuffer {
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = await readAt(handle, start, Math.max(0, Math.min(end, size) - start));
      return bytes.buffer.byteLength === bytes.length
        ? (bytes.buffer as ArrayBuffer)
        : (bytes.slice().buffer as ArrayBuffer);
    },
  };
}

/** The decompressors, none of which makes more than a page may hold. */
const bounded: Compressors = Object.fromEntries(
  Object.entries({ ...compressors, GZIP: gunzip }).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, length: number) => {
      if (length > MOST_PAGE)
        throw new Error(`a page promises ${length} bytes; at most ${MOST_PAGE} are read`);
      return decompress(input, length);
    },
  ]),
);

function gunzip(input: Uint8Array, length: number): Uint8Array {
  return gunzipSync(input, { maxOutputLength: Math.max(1, length) });
}
