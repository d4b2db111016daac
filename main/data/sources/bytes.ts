import { createReadStream } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';

export type Chunks = AsyncGenerator<Uint8Array, undefined, void>;

/** Deflate cannot shrink more than this: no honest .gz file holds more bytes than 1032 times its own. */
export const DEFLATE_RATIO = 1032;

/** Whether a file is compressed with gzip, by its first bytes and not by its name. */
export async function isGzip(file: string): Promise<boolean> {
  const start = await readAt(file, 0, 2);
  return start[0] === 0x1f && start[1] === 0x8b;
}

/** Up to `length` bytes of a file from `position` on; fewer where it ends. */
export async function readAt(
  file: string | FileHandle,
  position: number,
  length: number,
): Promise<Uint8Array> {
  const handle = typeof file === 'string' ? await open(file) : file;
  try {
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await handle.read(bytes, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return bytes.subarray(0, filled);
  } finally {
    if (typeof file === 'string') await handle.close();
  }
}

/**
 * The bytes of a file a piece at a time, uncompressed where it is compressed with gzip; from byte `start` of the file
 * on, which must be 0 then. Errors name the file.
 */
export async function* bytesOf(file: string, start = 0): Chunks {
  const gzip = await isGzip(file);
  const raw = createReadStream(file, { start, highWaterMark: 1 << 20 });
  // The pipeline destroys both streams at an error and gives it to whoever reads the last one.
  const stream: Readable = gzip
    ? pipeline(raw, createGunzip({ chunkSize: 1 << 18 }), () => {})
    : raw;
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const broken = code === 'Z_BUF_ERROR' ? 'the compressed file ends too early' : message;
    throw new Error(`${file}: ${broken}`, { cause: error });
  } finally {
    raw.destroy();
  }
  return undefined;
}

/** Takes pieces of chosen lengths from a stream of chunks. */
export class ByteReader {
  readonly #chunks: AsyncGenerator<Uint8Array, unknown, void>;
  #rest: Uint8Array = new Uint8Array(0);

  constructor(chunks: AsyncGenerator<Uint8Array, unknown, void>) {
    this.#chunks = chunks;
  }

  /** The next `length` bytes in memory of their own; fewer where the stream ends. */
  async read(length: number): Promise<Uint8Array<ArrayBuffer>> {
    if (this.#rest.length >= length) {
      const piece = new Uint8Array(this.#rest.subarray(0, length));
      this.#rest = this.#rest.subarray(length);
      return piece;
    }
    const pieces = [this.#rest];
    let size = this.#rest.length;
    this.#rest = new Uint8Array(0);
    while (size < length) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      const piece = value.subarray(0, length - size);
      this.#rest = value.subarray(piece.length);
      pieces.push(piece);
      size += piece.length;
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const piece of pieces) {
      bytes.set(piece, at);
      at += piece.length;
    }
    return bytes;
  }

  /** Passes over `length` bytes, and says how many there were: fewer where the stream ends. */
  async skip(length: number): Promise<number> {
    let skipped = Math.min(length, this.#rest.length);
    this.#rest = this.#rest.subarray(skipped);
    while (skipped < length) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      const part = Math.min(length - skipped, value.length);
      this.#rest = value.subarray(part);
      skipped += part;
    }
    return skipped;
  }

  /** Ends the stream. */
  async close(): Promise<void> {
    await this.#chunks.return(undefined);
  }
}
