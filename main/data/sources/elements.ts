import type { TypedArray } from '../typed-array.ts';

/** How numbers lie in a file, in NumPy's short names. */
export type ElementType =
  'u1' | 'i1' | 'b1' | 'u2' | 'i2' | 'u4' | 'i4' | 'u8' | 'i8' | 'f2' | 'f4' | 'f8';

/** Bytes of one number of the type. */
export function bytesPerElement(type: ElementType): number {
  return Number(type.slice(1));
}

/**
 * The numbers in these bytes, which it may change. 64-bit integers become doubles, exact up to 2^53; 16-bit floats
 * become 32-bit ones; booleans bytes, 0 or 1.
 */
export function elementsOf(
  bytes: Uint8Array<ArrayBuffer>,
  type: ElementType,
  littleEndian: boolean,
): TypedArray {
  const width = bytesPerElement(type);
  if (width > 1 && !littleEndian) swapBytes(bytes, width);
  const { buffer, byteOffset } = byteOffsetFits(bytes, width);
  const count = bytes.length / width;
  switch (type) {
    case 'u1':
      return bytes;
    case 'b1':
      return bytes.map((byte) => (byte ? 1 : 0));
    case 'i1':
      return new Int8Array(buffer, byteOffset, count);
    case 'u2':
      return new Uint16Array(buffer, byteOffset, count);
    case 'i2':
      return new Int16Array(buffer, byteOffset, count);
    case 'u4':
      return new Uint32Array(buffer, byteOffset, count);
    case 'i4':
      return new Int32Array(buffer, byteOffset, count);
    case 'u8':
      return Float64Array.from(new BigUint64Array(buffer, byteOffset, count), Number);
    case 'i8':
      return Float64Array.from(new BigInt64Array(buffer, byteOffset, count), Number);
    case 'f2':
      return Float32Array.from(new Uint16Array(buffer, byteOffset, count), halfToNumber);
    case 'f4':
      return new Float32Array(buffer, byteOffset, count);
    case 'f8':
      return new Float64Array(buffer, byteOffset, count);
  }
}

/** Whether a file's images have their rows and columns exchanged: EMNIST's, by the names that they are given out with. */
export function isSideways(name: string): boolean {
  return /^emnist-/i.test(name);
}

/** An image with rows and columns exchanged; `rows` and `columns` are those it has. Other lists are left as they are. */
export function exchanged<T extends TypedArray | readonly string[]>(
  values: T,
  rows: number,
  columns: number,
): T {
  if (!ArrayBuffer.isView(values)) return values;
  const out = values.slice();
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      out[column * rows + row] = values[row * columns + column]!;
  return out as T;
}

/** Typed arrays begin at a multiple of their elements' width. */
function byteOffsetFits(bytes: Uint8Array<ArrayBuffer>, width: number): Uint8Array<ArrayBuffer> {
  return bytes.byteOffset % width === 0 ? bytes : bytes.slice();
}

function swapBytes(bytes: Uint8Array<ArrayBuffer>, width: number): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (width === 2) buffer.swap16();
  else if (width === 4) buffer.swap32();
  else buffer.swap64();
}

/** IEEE 754 binary16. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
