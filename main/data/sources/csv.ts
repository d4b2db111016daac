import { ByteReader, bytesOf, isGzip } from './bytes.ts';
import { counted } from './names.ts';

/** A row of a CSV file. */
export interface CsvRow {
  readonly at: CsvPosition;
  readonly cells: readonly string[];
}

/** Where a row begins: the byte in the (uncompressed) file, and the line, counted from 1. */
export interface CsvPosition {
  readonly offset: number;
  readonly line: number;
}

/** The most cells in a row: a square picture of 512 px. */
const MOST_CELLS = 262_144;
const MOST_BYTES = 16 * 2 ** 20;
const QUOTE = 34;
const NEWLINE = 10;

/**
 * The rows of a CSV file, many at a time: quotes as RFC 4180 has them, empty lines passed over. A library would take
 * three times as long for tables of pixels. Throws an Error that names the file and the line for a row of more than
 * 262,144 cells or 16 MB and for a quote that is never closed. Text is UTF-8, or Latin-1 where it is not that.
 */
export async function* csvRows(
  file: string,
  delimiter: string,
  { offset: start, line: first }: CsvPosition,
): AsyncGenerator<CsvRow[], undefined, void> {
  const gzip = await isGzip(file);
  const chunks = bytesOf(file, gzip ? 0 : start);
  let rest: Buffer = Buffer.alloc(0);
  let offset = start;
  let line = first;
  const row = (bytes: Buffer): CsvRow[] => {
    const at = { offset, line };
    offset += bytes.length + 1;
    line += 1 + (bytes.includes(QUOTE) ? newlinesIn(bytes) : 0);
    const text = textOf(bytes);
    if (text.trim() === '') return [];
    const cells = text.includes('"')
      ? quotedCells(text, delimiter)
      : text.split(delimiter, MOST_CELLS + 1);
    if (cells.length > MOST_CELLS)
      throw new Error(
        `${file}: line ${at.line} has more than ${counted(MOST_CELLS, 'column')}, the most that is read`,
      );
    return [{ at, cells }];
  };
  try {
    if (gzip) await skip(chunks, start, (left) => (rest = left));
    for await (const chunk of chunks) {
      const data = rest.length ? Buffer.concat([rest, chunk]) : asBuffer(chunk);
      const rows: CsvRow[] = [];
      let at = 0;
      for (;;) {
        const end = rowEnd(data, at, delimiter);
        if (end < 0) break;
        rows.push(...row(data.subarray(at, end)));
        at = end + 1;
      }
      rest = data.subarray(at);
      if (rest.length > MOST_BYTES)
        throw new Error(
          `${file}: line ${line} is longer than 16 MB, or a quote in it is never closed`,
        );
      if (rows.length) yield rows;
    }
  } finally {
    await chunks.return(undefined);
  }
  const open =
    rest.includes(QUOTE) && rowEnd(Buffer.concat([rest, Buffer.of(NEWLINE)]), 0, delimiter) < 0;
  if (open) throw new Error(`${file}: a quote that opens in line ${line} is never closed`);
  const last = row(rest);
  if (last.length) yield last;
  return undefined;
}

async function skip(
  chunks: AsyncGenerator<Uint8Array, undefined, void>,
  length: number,
  keep: (rest: Buffer) => void,
): Promise<void> {
  let left = length;
  while (left > 0) {
    const { value, done } = await chunks.next();
    if (done) return;
    if (value.length > left) keep(asBuffer(value.subarray(left)));
    left -= value.length;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The index of the newline that ends the row, or -1 where the row goes on beyond the data. */
function rowEnd(data: Buffer, from: number, delimiter: string): number {
  const end = data.indexOf(NEWLINE, from);
  if (end < 0 || !data.subarray(from, end).includes(QUOTE)) return end;
  const comma = delimiter.charCodeAt(0);
  let quoted = false;
  let cellStarts = true;
  for (let i = from; i < data.length; i++) {
    const byte = data[i]!;
    if (quoted) {
      if (byte !== QUOTE) continue;
      if (data[i + 1] === QUOTE) i++;
      else quoted = false;
    } else if (byte === NEWLINE) return i;
    else if (byte === QUOTE && cellStarts) quoted = true;
    cellStarts = byte === comma;
  }
  return -1;
}

/** The cells of a row that has quotes; one counts as such at the beginning of a cell alone. */
function quotedCells(text: string, delimiter: string): string[] {
  const cells: string[] = [];
  let at = 0;
  while (at <= text.length && cells.length <= MOST_CELLS) {
    let cell = '';
    if (text[at] === '"') {
      for (;;) {
        const end = text.indexOf('"', at + 1);
        cell += text.slice(at + 1, end < 0 ? text.length : end);
        at = end < 0 ? text.length : end + 1;
        if (text[at] !== '"' || end < 0) break;
        cell += '"';
      }
    }
    const next = text.indexOf(delimiter, at);
    const end = next < 0 ? text.length : next;
    cells.push(cell + text.slice(at, end));
    if (next < 0) break;
    at = next + 1;
  }
  return cells;
}

function textOf(bytes: Buffer): string {
  const end = bytes.at(-1) === 13 ? bytes.length - 1 : bytes.length;
  const text = bytes.toString('utf8', 0, end);
  return text.includes('\uFFFD') ? bytes.toString('latin1', 0, end) : text;
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count++;
  return count;
}

/** How the rows of a CSV file are to be read. */
export interface CsvFormat {
  readonly delimiter: string;
  /** Where the first row begins: behind a byte order mark or Excel's `sep=;`. */
  readonly start: CsvPosition;
}

const DELIMITERS = [',', ';', '\t', '|'];

/** Finds the delimiter of a CSV file in its first lines. Throws an Error for a file that is no text of single bytes. */
export async function csvFormat(file: string, delimiter?: string): Promise<CsvFormat> {
  const reader = new ByteReader(bytesOf(file));
  const head = asBuffer(await reader.read(1 << 18));
  await reader.close();
  const mark = head.length > 1 ? head.readUInt16BE(0) : 0;
  if (mark === 0xfffe || mark === 0xfeff)
    throw new Error(`${file} is text in UTF-16; save it as CSV in UTF-8`);
  if (head.includes(0)) throw new Error(`${file} is no text`);
  const bom = head.subarray(0, 3).equals(Buffer.of(0xef, 0xbb, 0xbf)) ? 3 : 0;
  const text = head.toString('utf8', bom);
  if (text.includes('\r') && !text.includes('\n'))
    throw new Error(
      `${file} has lines that end with a carriage return alone; save it with newlines`,
    );
  const excel = /^"?sep=(.)"?\r?\n/.exec(text);
  const start = excel ? { offset: bom + excel[0].length, line: 2 } : { offset: bom, line: 1 };
  const lines = text.slice(excel?.[0].length ?? 0).split(/\r?\n/, 21);
  // The last line may be cut.
  if (lines.length > 1) lines.pop();
  return { delimiter: delimiter ?? excel?.[1] ?? commonDelimiter(lines), start };
}

/** The delimiter that gives the same number of cells in most lines, and many. */
function commonDelimiter(lines: readonly string[]): string {
  const filled = lines.filter((line) => line.trim());
  const score = (delimiter: string) => {
    const counts = filled.map((line) => quotedCells(line, delimiter).length);
    const first = counts[0] ?? 1;
    return first === 1 ? 0 : counts.filter((count) => count === first).length + first / 1e6;
  };
  return DELIMITERS.reduce((best, one) => (score(one) > score(best) ? one : best));
}
