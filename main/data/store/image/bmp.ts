import { ImageError, type Pixels } from './pixels.ts';

/** What the header of a BMP file says. */
interface Header {
  readonly width: number;
  readonly height: number;
  readonly topDown: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Where the palette and the pixels begin. */
  readonly palette: number;
  readonly pixels: number;
  readonly entry: number;
  readonly colors: number;
  /** Where red, green, blue and alpha lie in a pixel, where it says so. */
  readonly masks: readonly number[];
}

const RGB = 0;
const RLE8 = 1;
const RLE4 = 2;
const BITFIELDS = 3;
const ALPHA_BITFIELDS = 6;

/** Height and width by the header, without a look at the pixels. Throws an ImageError. */
export function bmpSize(bytes: Buffer): { height: number; width: number } {
  return readHeader(bytes);
}

/**
 * Decodes a BMP file of 1, 4, 8, 16, 24 or 32 bits, plain, run-length encoded or with bit fields, either way up.
 * Grey palettes give one channel, masks with alpha four, all others three. Pixels that a run-length encoding leaves
 * out have the first colour of the palette. Throws an ImageError for what is broken or unknown.
 * Format: Microsoft, "Bitmap Storage" and "Bitmap Compression".
 */
export function decodeBmp(bytes: Buffer): Pixels<Uint8Array> {
  const header = readHeader(bytes);
  const { width, height, bits } = header;
  if (bits <= 8) return paletteImage(bytes, header);
  const masks = masksOf(header);
  const channels = masks[3] ? 4 : 3;
  const shifts = masks.slice(0, channels).map((mask) => [trailingZeros(mask), mask] as const);
  const data = new Uint8Array(width * height * channels);
  const wide = bits / 8;
  const stride = rowBytes(width, bits);
  need(bytes, header.pixels + stride * height);
  for (let y = 0; y < height; y++) {
    const row = header.pixels + stride * (header.topDown ? y : height - 1 - y);
    for (let x = 0; x < width; x++) {
      const pixel = bytes.readUIntLE(row + x * wide, wide);
      const at = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) {
        const [shift, mask] = shifts[c]!;
        const most = mask >>> shift;
        data[at + c] = most === 0 ? 0 : Math.round((((pixel & mask) >>> shift) * 255) / most);
      }
    }
  }
  return { width, height, channels, data, white: 255 };
}

function readHeader(bytes: Buffer): Header {
  need(bytes, 26);
  const pixels = bytes.readUInt32LE(10);
  const size = bytes.readUInt32LE(14);
  if (size !== 12 && size < 40) throw broken(`it has an unknown header of ${size} bytes`);
  need(bytes, 14 + size);
  const core = size === 12;
  const width = core ? bytes.readUInt16LE(18) : bytes.readInt32LE(18);
  const signed = core ? bytes.readUInt16LE(20) : bytes.readInt32LE(22);
  const bits = bytes.readUInt16LE(core ? 24 : 28);
  const compression = core ? RGB : bytes.readUInt32LE(30);
  const height = Math.abs(signed);
  if (width <= 0 || height === 0) throw broken(`its header says ${width} x ${signed} px`);
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw broken(`it has ${bits} bits a pixel`);
  const fits =
    compression === RGB ||
    (compression === RLE8 && bits === 8) ||
    (compression === RLE4 && bits === 4) ||
    ([BITFIELDS, ALPHA_BITFIELDS].includes(compression) && (bits === 16 || bits === 32));
  if (!fits) throw broken(`it has compression ${compression} with ${bits} bits a pixel`);
  const fields = compression === BITFIELDS || compression === ALPHA_BITFIELDS;
  const inHeader = size >= 52;
  const count = inHeader ? (size >= 56 ? 4 : 3) : compression === ALPHA_BITFIELDS ? 4 : 3;
  if (fields) need(bytes, 54 + 4 * count);
  const masks = fields
    ? Array.from({ length: count }, (_, i) => bytes.readUInt32LE(54 + 4 * i))
    : [];
  const palette = 14 + size + (fields && !inHeader ? 4 * count : 0);
  const entry = core ? 3 : 4;
  const used = core ? 0 : bytes.readUInt32LE(46);
  const room = Math.max(0, Math.floor((pixels - palette) / entry));
  const colors = bits > 8 ? 0 : Math.min(used || 2 ** bits, 2 ** bits, room);
  const topDown = signed < 0;
  return { width, height, topDown, bits, compression, palette, pixels, entry, colors, masks };
}

function masksOf({ bits, masks }: Header): readonly number[] {
  if (masks.length > 0) return masks;
  return bits === 16 ? [0x7c00, 0x3e0, 0x1f] : [0xff0000, 0xff00, 0xff];
}

function paletteImage(bytes: Buffer, header: Header): Pixels<Uint8Array> {
  const { width, height, palette, colors, entry } = header;
  need(bytes, palette + colors * entry);
  const table = Array.from({ length: 256 }, (_, i) => {
    const at = palette + i * entry;
    return i < colors ? [bytes[at + 2]!, bytes[at + 1]!, bytes[at]!] : [0, 0, 0];
  });
  const grey = table.every(([r, g, b]) => r === g && g === b);
  const channels = grey ? 1 : 3;
  const indices = header.compression === RGB ? plainIndices(bytes, header) : runs(bytes, header);
  const data = new Uint8Array(width * height * channels);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const color = table[indices[(header.topDown ? y : height - 1 - y) * width + x]!]!;
      for (let c = 0; c < channels; c++) data[(y * width + x) * channels + c] = color[c]!;
    }
  return { width, height, channels, data, white: 255 };
}

/** The numbers of the colours, rows as they are stored. */
function plainIndices(bytes: Buffer, { width, height, bits, pixels }: Header): Uint8Array {
  const stride = rowBytes(width, bits);
  need(bytes, pixels + stride * height);
  const out = new Uint8Array(width * height);
  const perByte = 8 / bits;
  const mask = 2 ** bits - 1;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const byte = bytes[pixels + y * stride + Math.floor(x / perByte)]!;
      out[y * width + x] = (byte >> (8 - bits * ((x % perByte) + 1))) & mask;
    }
  return out;
}

/** The numbers of the colours of a run-length encoded image, rows as they are stored. */
function runs(bytes: Buffer, { width, height, bits, pixels }: Header): Uint8Array {
  const out = new Uint8Array(width * height);
  const perByte = 8 / bits;
  const color = (from: number, i: number) =>
    bits === 8 ? bytes[from + i]! : (bytes[from + (i >> 1)]! >> (i % 2 ? 0 : 4)) & 15;
  let [x, y] = [0, 0];
  const put = (value: number) => {
    if (x >= width || y >= height) throw broken('its runs leave the image');
    out[y * width + x++] = value;
  };
  for (let at = pixels; ;) {
    need(bytes, at + 2);
    const [count, code] = [bytes[at]!, bytes[at + 1]!];
    at += 2;
    if (count > 0) for (let i = 0; i < count; i++) put(color(at - 1, bits === 8 ? 0 : i % 2));
    else if (code === 0) [x, y] = [0, y + 1];
    else if (code === 1) return out;
    else if (code === 2) {
      need(bytes, at + 2);
      x += bytes[at]!;
      y += bytes[at + 1]!;
      at += 2;
    } else {
      const length = Math.ceil(code / perByte);
      need(bytes, at + length);
      for (let i = 0; i < code; i++) put(color(at, i));
      at += length + (length % 2);
    }
    if (y >= height && at + 2 > bytes.length) return out;
  }
}

const rowBytes = (width: number, bits: number) => Math.ceil((width * bits) / 32) * 4;

function trailingZeros(mask: number): number {
  return mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
}

function need(bytes: Buffer, length: number): void {
  if (bytes.length < length)
    throw broken(`it ends after ${bytes.length} bytes; at least ${length} expected`);
}

function broken(why: string): ImageError {
  return new ImageError('unreadable', `a broken BMP file: ${why}`);
}
