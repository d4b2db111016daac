import { isImageName, splitNamed, type SplitName } from './names.ts';

/** A cell as a file holds it. */
export type Cell = string | number | boolean | Uint8Array | EncodedCell | readonly Cell[] | null;

/** An image in Hugging Face's way. */
export interface EncodedCell {
  readonly bytes?: Uint8Array | null;
  readonly path?: string | null;
}

/** Whether a cell holds an image, or names one in Hugging Face's way. */
export function isEncoded(cell: Cell): boolean {
  if (cell instanceof Uint8Array) return isImageBytes(cell);
  return (
    typeof cell === 'object' &&
    cell !== null &&
    !Array.isArray(cell) &&
    ('bytes' in cell || 'path' in cell)
  );
}

/** The bytes of an image in a cell; null where there are none. */
export function encodedBytes(cell: Cell): Uint8Array | null {
  if (cell instanceof Uint8Array) return cell;
  const bytes = (cell as EncodedCell | null)?.bytes;
  return bytes instanceof Uint8Array && bytes.length ? bytes : null;
}

/** Whether bytes begin as PNG, JPEG, WebP, BMP, GIF or TIFF do. */
export function isImageBytes(bytes: Uint8Array): boolean {
  const start = Buffer.from(bytes.subarray(0, 12)).toString('latin1');
  return /^(\x89PNG|\xff\xd8\xff|RIFF.{4}WEBP|BM|GIF8|II\*\0|MM\0\*)/s.test(start);
}

/** The number that a cell holds, NaN where it holds none; `1,5` counts as 1.5. */
export function numberOf(cell: Cell): number {
  if (typeof cell === 'number') return cell;
  if (typeof cell === 'boolean') return Number(cell);
  if (typeof cell !== 'string') return NaN;
  const number = +cell;
  if (number === 0) return cell.trim() === '' ? NaN : 0;
  return Number.isNaN(number) && /^\s*[-+]?\d+,\d+\s*$/.test(cell)
    ? +cell.replace(',', '.')
    : number;
}

const LIST_TEXT = /^\s*\[?[-\d.eE+]+(\s*[\s,]\s*[-\d.eE+]+){3,}\s*\]?\s*$/;

/** The numbers of a list, nested or as text with blanks between, with its shape; null where it is none. */
export function listOf(cell: Cell): { shape: number[]; numbers: number[] } | null {
  if (typeof cell === 'string') {
    if (!LIST_TEXT.test(cell)) return null;
    const numbers = cell
      .replace(/[[\]]/g, '')
      .trim()
      .split(/[\s,]+/)
      .map(Number);
    return { shape: [numbers.length], numbers };
  }
  const items: unknown = ArrayBuffer.isView(cell) ? Array.from(cell as Uint8Array) : cell;
  if (!Array.isArray(items) || items.length === 0) return null;
  if (items.every((item) => typeof item === 'number'))
    return { shape: [items.length], numbers: items };
  const lists = items.map((item) => listOf(item as Cell));
  const [first] = lists;
  if (!first) return null;
  const numbers: number[] = [];
  for (const list of lists) {
    if (String(list?.shape) !== String(first.shape)) return null;
    for (const number of list!.numbers) numbers.push(number);
  }
  return { shape: [items.length, ...first.shape], numbers };
}

/** All numbers of these cells, lists one after the other; null where one is missing or there are not `count`. */
export function numbersIn(cells: readonly Cell[], count: number): number[] | null {
  const numbers: number[] = [];
  for (const cell of cells) {
    const number = numberOf(cell);
    if (!Number.isNaN(number)) {
      numbers.push(number);
      continue;
    }
    const list = listOf(cell);
    if (!list || list.numbers.some(Number.isNaN)) return null;
    for (const one of list.numbers) numbers.push(one);
  }
  return numbers.length === count ? numbers : null;
}

/** The split that a cell names: `train`, `PublicTest`. */
export function splitOfCell(cell: Cell): SplitName | null {
  if (typeof cell !== 'string') return null;
  const word = cell.trim();
  if (/^publictest$/i.test(word)) return 'validation';
  return /^privatetest$/i.test(word) ? 'test' : splitNamed(word);
}

/** Whether a cell names an image by its extension. */
export function isImagePath(cell: Cell): boolean {
  return typeof cell === 'string' && isImageName(cell.trim());
}
