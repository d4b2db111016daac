import { crc32 } from 'node:zlib';
import type { ImageFacts } from './image/decode.ts';
import type { PixelValues } from './image/pixels.ts';
import type { Layout } from './layout.ts';

/** Bytes of a key: the start of a SHA-256. */
export const KEY_BYTES = 16;

/** What is known of one row of an entry beside its records. */
export interface Row {
  /** Of the sample's name, place and stamp: it is the same as long as nothing can have changed. */
  readonly quick: Buffer;
  /** Of the values before decoding. */
  readonly content: Buffer;
  /** The number of its records; the first row with a number describes them. */
  readonly record: number;
  /** CRC-32 of each column's record. */
  readonly sums: readonly number[];
  /** By stored column; null for numbers. Empty, as the sums are, in later rows of the same record. */
  readonly images: readonly (ImageRow | null)[];
}

/** An image of a row: how it came, and sums over its pixels as they are kept. */
export interface ImageRow extends ImageFacts {
  readonly least: number;
  readonly most: number;
  /** By channel. */
  readonly sums: Float64Array;
  readonly squares: Float64Array;
}

const HEAD = 2 * KEY_BYTES + 4;
const IMAGE = 20;

/** How rows of a layout are written: all with so many bytes, the last four of which are their CRC-32. */
export interface RowCodec {
  readonly bytes: number;
  write(row: Row, into: Buffer, at: number): void;
  /** Null when it is broken. */
  read(from: Buffer, at: number): Row | null;
}

/** The form of the rows of a layout. */
export function rowCodec({ columns }: Layout): RowCodec {
  const channels = columns.map(({ kind, shape }) => (kind === 'image' ? shape[2]! : null));
  const bytes = channels.reduce<number>(
    (sum, count) => sum + 4 + (count === null ? 0 : IMAGE + 16 * count),
    HEAD + 4,
  );
  return {
    bytes,
    write(row, into, at) {
      row.quick.copy(into, at);
      row.content.copy(into, at + KEY_BYTES);
      into.writeUInt32LE(row.record, at + 2 * KEY_BYTES);
      let place = at + HEAD;
      for (const sum of row.sums) place = into.writeUInt32LE(sum, place);
      for (const image of row.images) if (image) place = writeImage(image, into, place);
      const end = at + bytes - 4;
      into.fill(0, place, end).writeUInt32LE(crc32(into.subarray(at, end)), end);
    },
    read(from, at) {
      const end = at + bytes - 4;
      if (crc32(from.subarray(at, end)) !== from.readUInt32LE(end)) return null;
      const sums = channels.map((_, column) => from.readUInt32LE(at + HEAD + 4 * column));
      let place = at + HEAD + 4 * channels.length;
      const images = channels.map((count) => {
        if (count === null) return null;
        const image = readImage(from, place, count);
        place += IMAGE + 16 * count;
        return image;
      });
      return {
        quick: from.subarray(at, at + KEY_BYTES),
        content: from.subarray(at + KEY_BYTES, at + 2 * KEY_BYTES),
        record: from.readUInt32LE(at + 2 * KEY_BYTES),
        sums,
        images,
      };
    },
  };
}

function writeImage(image: ImageRow, into: Buffer, at: number): number {
  into.writeUInt32LE(image.height, at);
  into.writeUInt32LE(image.width, at + 4);
  into.writeUInt16LE(image.channels, at + 8);
  into.writeUInt8(image.bits, at + 10);
  into.writeUInt8(image.notes, at + 11);
  into.writeFloatLE(image.least, at + 12);
  into.writeFloatLE(image.most, at + 16);
  let place = at + IMAGE;
  for (const values of [image.sums, image.squares])
    for (const value of values) place = into.writeDoubleLE(value, place);
  return place;
}

function readImage(from: Buffer, at: number, channels: number): ImageRow {
  const doubles = (start: number) =>
    Float64Array.from({ length: channels }, (_, c) => from.readDoubleLE(start + 8 * c));
  return {
    height: from.readUInt32LE(at),
    width: from.readUInt32LE(at + 4),
    channels: from.readUInt16LE(at + 8),
    bits: from.readUInt8(at + 10),
    notes: from.readUInt8(at + 11),
    least: from.readFloatLE(at + 12),
    most: from.readFloatLE(at + 16),
    sums: doubles(at + IMAGE),
    squares: doubles(at + IMAGE + 8 * channels),
  };
}

/** The sums of a decoded image. */
export function imageRow(facts: ImageFacts, data: PixelValues, channels: number): ImageRow {
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let [least, most] = [Infinity, -Infinity];
  const count = (channel: number, value: number, times: number) => {
    sums[channel]! += value * times;
    squares[channel]! += value * value * times;
    if (value < least) least = value;
    if (value > most) most = value;
  };
  for (let channel = 0; channel < channels; channel++) {
    if (data instanceof Uint8Array)
      histogram(data, channel, channels).forEach((times, value) => {
        if (times > 0) count(channel, value, times);
      });
    else for (let i = channel; i < data.length; i += channels) count(channel, data[i]!, 1);
  }
  return { ...facts, least, most, sums, squares };
}

const bins = new Uint32Array(256);

/** How often each value occurs in a channel; the array is used again. */
function histogram(data: Uint8Array, channel: number, channels: number): Uint32Array {
  bins.fill(0);
  for (let i = channel; i < data.length; i += channels) bins[data[i]!]!++;
  return bins;
}
