import { formatShape, sizeOf } from '../../../shared/program/tensor.ts';
import type { TypedArray } from '../typed-array.ts';
import type { ByteReader } from './bytes.ts';
import { bytesPerElement, elementsOf, type ElementType } from './elements.ts';

/** What the header of a .npy file says. */
export interface NpyHeader {
  readonly shape: readonly number[];
  readonly type: ElementType | 'text';
  readonly littleEndian: boolean;
  /** Whether the first axis lies closest together. */
  readonly fortran: boolean;
  /** Bytes of one element; `text` has 4 a character (`U`) or 1 (`S`). */
  readonly width: number;
  readonly wide: boolean;
  /** Where the elements begin. */
  readonly offset: number;
  /** How many bytes of elements there are. */
  readonly length: number;
}

const MOST_HEADER = 1 << 20;
const TYPES = ['u1', 'i1', 'b1', 'u2', 'i2', 'u4', 'i4', 'u8', 'i8', 'f2', 'f4', 'f8'];

/**
 * Reads the header of a .npy file of version 1 to 3 from the stream's start. Throws an Error that says what was expected
 * and what came: no NumPy file, Python objects, complex numbers or records.
 * Format: numpy.lib.format.
 */
export async function readNpyHeader(reader: ByteReader, file: string): Promise<NpyHeader> {
  const start = await reader.read(8);
  const magic = Buffer.from(start.subarray(0, 6)).toString('latin1');
  if (start.length < 8 || magic !== '\x93NUMPY')
    throw new Error(`${file}: expected a NumPy file, which begins with \\x93NUMPY`);
  const version = start[6]!;
  if (version < 1 || version > 3)
    throw new Error(`${file}: NumPy's format has the versions 1 to 3; got ${version}`);
  const size = Buffer.from(await reader.read(version === 1 ? 2 : 4));
  if (size.length < (version === 1 ? 2 : 4)) throw new Error(`${file}: ends within NumPy's header`);
  const length = version === 1 ? size.readUInt16LE() : size.readUInt32LE();
  if (length > MOST_HEADER) throw new Error(`${file}: a header of ${length} bytes is too long`);
  const bytes = Buffer.from(await reader.read(length));
  if (length === 0 || bytes.length < length) throw new Error(`${file}: ends within NumPy's header`);
  const header = parseHeader(bytes.toString(version === 3 ? 'utf8' : 'latin1'), file);
  return { ...header, offset: 8 + size.length + length };
}

function parseHeader(text: string, file: string): Omit<NpyHeader, 'offset'> {
  const descr = /'descr'\s*:\s*('([^']*)'|\[)/.exec(text);
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text);
  const dims = /'shape'\s*:\s*\(([^)]*)\)/.exec(text);
  if (!descr || !order || !dims)
    throw new Error(
      `${file}: NumPy's header names no descr, fortran_order and shape: ${text.trim().slice(0, 100)}`,
    );
  const shape = dims[1]!
    .split(',')
    .map((dim) => dim.trim().replace(/L$/, ''))
    .filter(Boolean)
    .map(Number);
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0))
    throw new Error(`${file}: expected a shape of whole numbers; got (${dims[1]})`);
  const [, endian, kind, digits] = /^([<>|=]?)([a-zA-Z?])(\d*)$/.exec(descr[2] ?? '') ?? [];
  const code = `${kind === '?' ? 'b' : kind}${kind === '?' ? 1 : digits}`;
  const text4 = kind === 'U' || kind === 'S' || kind === 'a';
  if (kind === 'O')
    throw new Error(
      `${file} holds Python objects, which are not read for they could run code; save numbers`,
    );
  if (!text4 && !TYPES.includes(code))
    throw new Error(
      `${file}: expected whole numbers, floats, booleans or text; got elements of type ${descr[2] ?? 'record'}`,
    );
  const wide = kind === 'U';
  const width = text4 ? Number(digits) * (wide ? 4 : 1) : bytesPerElement(code as ElementType);
  const length = sizeOf(shape) * width;
  if (!Number.isSafeInteger(length))
    throw new Error(
      `${file}: the header promises ${formatShape(shape)} elements, more than can be`,
    );
  return {
    shape,
    type: text4 ? 'text' : (code as ElementType),
    littleEndian: endian !== '>',
    fortran: order[1] === 'True' && shape.length > 1,
    width,
    wide,
    length,
  };
}

/** The elements in these bytes, which it may change. */
export function npyElements(
  bytes: Uint8Array<ArrayBuffer>,
  { type, littleEndian, width, wide }: NpyHeader,
): TypedArray | string[] {
  if (type !== 'text') return elementsOf(bytes, type, littleEndian);
  const texts: string[] = [];
  for (let at = 0; at < bytes.length; at += width) {
    const element = bytes.slice(at, at + width);
    if (!wide) texts.push(Buffer.from(element).toString('latin1').replace(/\0+$/, ''));
    else {
      const codes = Array.from(elementsOf(element, 'u4', littleEndian));
      const end = codes.findLastIndex((code) => code !== 0) + 1;
      texts.push(
        codes
          .slice(0, end)
          .map((c) => (c < 0x110000 ? String.fromCodePoint(c) : '\uFFFD'))
          .join(''),
      );
    }
  }
  return texts;
}
