import { stat } from 'node:fs/promises';
import { formatShape, sizeOf } from '../../shared/program/tensor.ts';
import { ByteReader, bytesOf, DEFLATE_RATIO, isGzip } from './sources/bytes.ts';
import { bytesPerElement, type ElementType } from './sources/elements.ts';

/** What the header of an IDX file says. */
export interface IdxHeader {
  readonly shape: readonly number[];
  readonly type: ElementType;
  /** Where the elements begin. */
  readonly offset: number;
  /** How many bytes of elements there are. */
  readonly length: number;
}

const TYPES: ReadonlyMap<number, ElementType> = new Map([
  [0x08, 'u1'],
  [0x09, 'i1'],
  [0x0b, 'i2'],
  [0x0c, 'i4'],
  [0x0d, 'f4'],
  [0x0e, 'f8'],
]);

/**
 * Reads the header of an IDX file, plain or compressed with gzip. Throws an Error that names the file, what was
 * expected and what came; also when the header promises more than a file of this size can hold.
 * Format: Yann LeCun's MNIST page; big-endian magic 0 0 type rank, one uint32 a dimension, then the elements.
 */
export async function readIdxHeader(file: string): Promise<IdxHeader> {
  const reader = new ByteReader(bytesOf(file));
  try {
    const start = await take(reader, file, 4, 0);
    const magic = start.getUint32(0);
    const type = TYPES.get(magic >> 8);
    if (!type)
      throw new Error(
        `${file}: expected an IDX file, which begins with 00 00 and its type; got ${magic.toString(16).padStart(8, '0')}`,
      );
    const rank = magic & 0xff;
    const dims = await take(reader, file, 4 * rank, 4);
    const shape = Array.from({ length: rank }, (_, axis) => dims.getUint32(4 * axis));
    const offset = 4 + 4 * rank;
    const header = { shape, type, offset, length: sizeOf(shape) * bytesPerElement(type) };
    const { size } = await stat(file);
    const most = (await isGzip(file)) ? size * DEFLATE_RATIO : size - offset;
    if (header.length > most) throw wrongLength(file, header, `the file has ${size}`);
    return header;
  } finally {
    await reader.close();
  }
}

/**
 * Reads an IDX file to its end without keeping it and checks that it holds what its header promises. Throws as `readIdxHeader` does.
 */
export async function checkIdx(file: string, signal?: AbortSignal): Promise<IdxHeader> {
  const header = await readIdxHeader(file);
  let size = -header.offset;
  for await (const chunk of bytesOf(file)) {
    signal?.throwIfAborted();
    size += chunk.length;
    if (size > header.length) throw wrongLength(file, header, 'there are more');
  }
  if (size < header.length) throw wrongLength(file, header, `there are ${size}`);
  return header;
}

async function take(reader: ByteReader, file: string, length: number, before: number) {
  const bytes = await reader.read(length);
  if (bytes.length < length)
    throw new Error(
      `${file}: an IDX header of ${before + length} bytes expected; the file ends after ${before + bytes.length}`,
    );
  return new DataView(bytes.buffer);
}

function wrongLength(file: string, { shape, type, length }: IdxHeader, received: string): Error {
  const promised =
    type === 'u1'
      ? `${formatShape(shape)} bytes`
      : `${formatShape(shape)} elements of ${length} bytes`;
  return new Error(`${file}: the header promises ${promised}; ${received}`);
}
