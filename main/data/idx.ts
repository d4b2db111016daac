import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { formatShape } from '../../shared/program/tensor.ts';

/** An IDX file of unsigned bytes: `data` holds the product of `shape` many in C order. */
export interface IdxArray {
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

const TYPES: ReadonlyMap<number, string> = new Map([
  [0x08, 'unsigned byte'],
  [0x09, 'signed byte'],
  [0x0b, 'short'],
  [0x0c, 'int'],
  [0x0d, 'float'],
  [0x0e, 'double'],
]);

/** Deflate cannot shrink more than this: no honest .gz file holds more bytes than 1032 times its own. */
const GZIP_RATIO = 1032;

/**
 * Reads an IDX file of unsigned bytes, plain or (by the `.gz` of its name) compressed, and compares the MD5 of the
 * uncompressed file with `md5` where one is given. Memory is bounded by the file's size, whatever its header says.
 * Throws an Error that names the file, what was expected and what came.
 * Format: Yann LeCun's MNIST page; big-endian magic 0 0 type rank, one uint32 a dimension, then the elements.
 */
export async function readIdx(file: string, md5?: string): Promise<IdxArray> {
  const { size } = await stat(file);
  const hash = createHash('md5');
  const chunks = bytesOf(file);
  try {
    const { header, shape, rest } = await readHeader(file, chunks);
    hash.update(header);
    const count = shape.reduce((product, dim) => product * dim, 1);
    if (count > (file.endsWith('.gz') ? size * GZIP_RATIO : size))
      throw wrongLength(file, shape, `the file has ${size}`);
    const data = new Uint8Array(count);
    let filled = 0;
    const put = (chunk: Uint8Array) => {
      if (filled + chunk.length > count) throw wrongLength(file, shape, 'there are more');
      data.set(chunk, filled);
      hash.update(chunk);
      filled += chunk.length;
    };
    put(rest);
    for await (const chunk of chunks) put(chunk);
    if (filled < count) throw wrongLength(file, shape, `there are ${filled}`);
    const sum = hash.digest('hex');
    if (md5 !== undefined && sum !== md5)
      throw new Error(`${file}: expected the MD5 checksum ${md5}; got ${sum}`);
    return { shape, data };
  } finally {
    await chunks.return(undefined);
  }
}

/** Reads only the shape from the header of an IDX file. Throws as `readIdx` does. */
export async function readIdxShape(file: string): Promise<readonly number[]> {
  const chunks = bytesOf(file);
  try {
    return (await readHeader(file, chunks)).shape;
  } finally {
    await chunks.return(undefined);
  }
}

type Chunks = AsyncGenerator<Uint8Array, undefined, void>;

/** The uncompressed bytes of a file, a piece at a time. Errors name the file. */
async function* bytesOf(file: string): Chunks {
  const raw = createReadStream(file, { highWaterMark: 1 << 20 });
  // The pipeline destroys both streams at an error and gives it to whoever reads the last one.
  const stream: Readable = file.endsWith('.gz')
    ? pipeline(raw, createGunzip({ chunkSize: 1 << 18 }), () => {})
    : raw;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    throw new Error(`${file}: ${(error as Error).message}`, { cause: error });
  } finally {
    raw.destroy();
  }
  return undefined;
}

async function readHeader(file: string, chunks: Chunks) {
  let bytes: Uint8Array = new Uint8Array(0);
  const take = async (count: number) => {
    while (bytes.length < count) {
      const { value } = await chunks.next();
      if (!value)
        throw new Error(
          `${file}: an IDX header of ${count} bytes expected; the file ends after ${bytes.length}`,
        );
      bytes = bytes.length ? Buffer.concat([bytes, value]) : value;
    }
    return new DataView(bytes.buffer, bytes.byteOffset, count);
  };
  const magic = (await take(4)).getUint32(0);
  const type = TYPES.get(magic >> 8);
  if (!type)
    throw new Error(
      `${file}: expected an IDX file, which begins with 00 00 and its type; got ${magic.toString(16).padStart(8, '0')}`,
    );
  if (type !== 'unsigned byte')
    throw new Error(`${file}: expected elements of type unsigned byte; got ${type}`);
  const rank = magic & 0xff;
  const end = 4 + 4 * rank;
  const view = await take(end);
  const shape = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  return { header: bytes.subarray(0, end), shape, rest: bytes.subarray(end) };
}

function wrongLength(file: string, shape: readonly number[], received: string): Error {
  return new Error(`${file}: the header promises ${formatShape(shape)} bytes; ${received}`);
}
