import { createHash, hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { formatShape, sizeOf as sizeOfShape } from '../../../shared/program/tensor.ts';
import type { Source, SourceSample, SourceValue } from '../source.ts';
import type { TypedArray } from '../typed-array.ts';
import { createGate } from './gate.ts';
import { convertImage, decodeImage } from './image/decode.ts';
import { ImageError } from './image/pixels.ts';
import type { StoredColumn } from './layout.ts';
import { imageRow, KEY_BYTES, type ImageRow } from './row.ts';

/** Larger files are refused. */
const MOST_FILE_BYTES = 2 ** 28;

/** Files of a sample that are together no larger are read at once. */
const SMALL_BYTES = 1 << 18;

/** Bytes of files that are held at once before they are decoded. */
const reading = createGate(MOST_FILE_BYTES);

/** A value of a sample as it is kept. */
export interface StoredValue {
  readonly record: Buffer;
  readonly image: ImageRow | null;
}

/** A value that is to be kept; numbers that a sample lacks are kept as such. */
export type StorableValue = Exclude<SourceValue, { kind: 'class' }> | { readonly kind: 'missing' };

/** A value whose bytes are at hand. */
export type LoadedValue = Exclude<StorableValue, { kind: 'file' }>;

/** What a sample is known by while nothing changes: its place and its stamp. */
export function quickKey({ root }: Source, { name, stamp, values }: SourceSample): Buffer {
  const paths = Object.values(values).map((value) => (value?.kind === 'file' ? value.path : ''));
  const place = paths.some(Boolean) ? paths : [root, name];
  return keyOf(hash('sha256', JSON.stringify([...place, stamp]), 'buffer'));
}

/** What the values are known by, wherever they lie. */
export function contentKey(values: readonly LoadedValue[]): Buffer {
  const parts = values.flatMap((value) => {
    if (value.kind === 'missing') return [Buffer.from('missing\0')];
    const bytes = value.kind === 'encoded' ? value.bytes : bytesOf(value.data);
    const form =
      value.kind === 'encoded'
        ? `encoded ${bytes.length}\0`
        : `${value.data.constructor.name} ${value.shape.join(' ')}\0`;
    return [Buffer.from(form), bytes];
  });
  // For little, one call and a copy are much cheaper than a hash object.
  if (parts.reduce((sum, { length }) => sum + length, 0) < 1 << 16)
    return keyOf(hash('sha256', Buffer.concat(parts), 'buffer'));
  const digest = createHash('sha256');
  for (const part of parts) digest.update(part);
  return keyOf(digest.digest());
}

/** Does work with the bytes of a sample's values; so many samples at once as their files' sizes allow. */
export async function withValues<T>(
  values: readonly StorableValue[],
  work: (loaded: readonly LoadedValue[]) => Promise<T>,
): Promise<T> {
  const bytes = values.reduce((sum, value) => sum + (value.kind === 'file' ? sizeOf(value) : 0), 0);
  if (bytes <= SMALL_BYTES) return work(values.map(loadSmall));
  return reading(bytes, async () => work(await Promise.all(values.map(load))));
}

/** Makes a value what is kept. Rejects with an ImageError that says what is wrong. */
export async function storeValue(value: LoadedValue, column: StoredColumn): Promise<StoredValue> {
  if (column.kind === 'numbers') return { record: numbersRecord(value, column), image: null };
  if (value.kind === 'missing') throw new ImageError('missing-value', `it has no ${column.name}`);
  const { data, facts } =
    value.kind === 'encoded'
      ? await decodeImage(asBuffer(value.bytes), column.to)
      : convertImage(value.shape, value.data, column.to);
  return { record: bytesOf(data), image: imageRow(facts, data, column.shape[2]!) };
}

/** The size of a value's file. Throws an ImageError for what is no file that can be read. */
function sizeOf({ path }: { path: string }): number {
  const found = reach(() => statSync(path));
  if (!found.isFile()) throw new ImageError('unreadable', 'it is no file');
  if (found.size > MOST_FILE_BYTES)
    throw new ImageError(
      'too-large',
      `the file has ${Math.round(found.size / 2 ** 20)} MiB; at most ${MOST_FILE_BYTES / 2 ** 20} MiB are read`,
    );
  return found.size;
}

/** Loads a value; a file, which is small, without a detour over other threads, which takes longer than to read it. */
function loadSmall(value: StorableValue): LoadedValue {
  if (value.kind !== 'file') return value;
  return { kind: 'encoded', bytes: reach(() => readFileSync(value.path)) };
}

async function load(value: StorableValue): Promise<LoadedValue> {
  if (value.kind !== 'file') return value;
  return readFile(value.path).then(
    (bytes) => ({ kind: 'encoded', bytes }),
    (error: unknown) => {
      throw unreachable(error);
    },
  );
}

/** Does what looks at a file; what is thrown becomes an ImageError. */
function reach<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw unreachable(error);
  }
}

function unreachable(error: unknown): ImageError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new ImageError('unreadable', `the file can't be read: ${code ?? message}`);
}

function numbersRecord(value: LoadedValue, { name, shape }: StoredColumn): Buffer {
  if (value.kind === 'missing') return bytesOf(new Float32Array(sizeOfShape(shape)).fill(NaN));
  if (value.kind !== 'raw')
    throw new ImageError('unreadable', `column ${name}: expected numbers; got an encoded image`);
  if (value.shape.join() !== shape.join())
    throw new ImageError(
      'wrong-size',
      `column ${name}: expected shape ${formatShape(shape)}; got ${formatShape(value.shape)}`,
    );
  const data = Float32Array.from(value.data);
  const at = data.findIndex((number) => !Number.isFinite(number));
  if (at >= 0)
    throw new ImageError(
      'not-a-number',
      `column ${name}: number ${at} is ${value.data[at]}, which a float32 can't hold`,
    );
  return bytesOf(data);
}

function bytesOf(data: TypedArray): Buffer {
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function keyOf(digest: Buffer): Buffer {
  return digest.subarray(0, KEY_BYTES);
}
