import { open, stat } from 'node:fs/promises';
import { formatShape, sizeOf } from '../../../shared/program/tensor.ts';
import type { StoredArray } from './arrays.ts';
import { ByteReader, bytesOf, readAt, type Chunks } from './bytes.ts';
import { counted } from './names.ts';
import { npyElements, readNpyHeader, type NpyHeader } from './npy.ts';
import type { ZipMember } from './zip.ts';

/** Where an array's bytes lie. */
interface Place {
  /** For errors. */
  readonly file: string;
  /** For people. */
  readonly path: string;
  readonly stamp: string;
  /** How many bytes there are. */
  readonly size: number;
  /** The bytes from a position on. */
  from(position: number): Chunks;
  /** Gives what reads any piece, and what ends reading. */
  open(): Promise<Pieces>;
}

interface Pieces {
  read(position: number, length: number): Promise<Uint8Array>;
  close(): Promise<void>;
}

/** An array that is compressed and lies by columns is held in memory up to this size. */
const MOST_IN_MEMORY = 256 * 2 ** 20;

/** So many bytes of an array that lies by columns are turned around at a time. */
const TURNED = 16 * 2 ** 20;

/** The array of a .npy file. Throws an Error that names the file where it is broken or no array of samples. */
export async function npyFile(file: string, path: string, stamp: string): Promise<StoredArray> {
  const { size } = await stat(file);
  return storedArray({
    file,
    path,
    stamp,
    size,
    from: (position) => bytesOf(file, position),
    async open() {
      const handle = await open(file);
      return {
        read: (position, length) => readAt(handle, position, length),
        close: () => handle.close(),
      };
    },
  });
}

/** The array of a .npy file in a zip archive. Throws as `npyFile` does. */
export async function npyMember(
  member: ZipMember,
  file: string,
  path: string,
  stamp: string,
): Promise<StoredArray> {
  async function* from(position: number): Chunks {
    const reader = new ByteReader(member.bytes());
    try {
      await reader.skip(position);
      for (;;) {
        const piece = await reader.read(1 << 18);
        if (piece.length === 0) return undefined;
        yield piece;
      }
    } finally {
      await reader.close();
    }
  }
  return storedArray({
    file: `${file}: ${member.name}`,
    path,
    stamp,
    size: member.size,
    from,
    async open() {
      if (member.size > MOST_IN_MEMORY)
        throw new Error(
          `${file}: ${member.name} lies by columns (fortran_order) and is compressed, which is read up to 256 MB; save it with numpy.ascontiguousarray or as .npy`,
        );
      const reader = new ByteReader(member.bytes());
      const all = await reader.read(member.size);
      await reader.close();
      return {
        read: (position, length) => Promise.resolve(all.slice(position, position + length)),
        close: () => Promise.resolve(),
      };
    },
  });
}

async function storedArray(place: Place): Promise<StoredArray> {
  const { file, path, stamp, size } = place;
  const reader = new ByteReader(place.from(0));
  const header = await readNpyHeader(reader, file).finally(() => reader.close());
  const { shape, type, offset, length } = header;
  if (offset + length > size)
    throw new Error(
      `${file}: the header promises ${formatShape(shape)} elements of type ${type} (${counted(length, 'byte')}); the file has ${counted(size - offset, 'byte')}`,
    );
  return {
    path,
    stamp,
    shape,
    type: type === 'text' ? 'text' : /^f/.test(type) ? 'float' : 'integer',
    bytes: type === 'u1' || type === 'b1',
    samples: (from) =>
      header.fortran ? byColumns(place, header, from) : inOrder(place, header, from),
  };
}

async function* inOrder(
  { file, from: bytesFrom }: Place,
  header: NpyHeader,
  from: number,
): ReturnType<StoredArray['samples']> {
  const { shape, width, offset } = header;
  const length = sizeOf(shape.slice(1)) * width;
  const reader = new ByteReader(bytesFrom(offset + from * length));
  try {
    for (let i = from; i < shape[0]!; i++) {
      const bytes = await reader.read(length);
      if (bytes.length < length) throw new Error(`${file}: ends within sample ${i} of ${shape[0]}`);
      yield npyElements(bytes, header);
    }
  } finally {
    await reader.close();
  }
  return undefined;
}

/** Samples of an array whose first axis lies closest together: some at a time, gathered from all over the file. */
async function* byColumns(
  { file, open: openPlace }: Place,
  header: NpyHeader,
  from: number,
): ReturnType<StoredArray['samples']> {
  const { shape, width, offset } = header;
  const [count, ...rest] = shape as [number, ...number[]];
  const order = columnOrder(rest);
  const block = Math.max(1, Math.floor(TURNED / Math.max(1, order.length * width)));
  const pieces = await openPlace();
  try {
    for (let start = from; start < count; start += block) {
      const some = Math.min(block, count - start);
      const samples = Array.from({ length: some }, () => new Uint8Array(order.length * width));
      for (const [column, place] of order.entries()) {
        const bytes = await pieces.read(offset + (column * count + start) * width, some * width);
        if (bytes.length < some * width)
          throw new Error(`${file}: ends within sample ${start} of ${count}`);
        for (const [i, sample] of samples.entries())
          sample.set(bytes.subarray(i * width, (i + 1) * width), place * width);
      }
      for (const sample of samples) yield npyElements(sample, header);
    }
  } finally {
    await pieces.close();
  }
  return undefined;
}

/** Where each element of a sample belongs in C order, in the order in which Fortran keeps them. */
function columnOrder(shape: readonly number[]): Int32Array {
  const order = new Int32Array(sizeOf(shape));
  for (let i = 0; i < order.length; i++) {
    let left = i;
    let place = 0;
    let stride = order.length;
    for (const dim of shape) {
      stride /= dim;
      place += (left % dim) * stride;
      left = Math.floor(left / dim);
    }
    order[i] = place;
  }
  return order;
}
