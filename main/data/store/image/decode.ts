import sharp, { type Metadata, type Sharp } from 'sharp';
import type { ImagePreprocessing } from '../../../../shared/data/preprocessing.ts';
import { formatShape, sizeOf } from '../../../../shared/program/tensor.ts';
import type { TypedArray } from '../../typed-array.ts';
import { createGate } from '../gate.ts';
import { bmpSize, decodeBmp } from './bmp.ts';
import {
  convertPixels,
  ImageError,
  whiteOf,
  withoutUnkept,
  type Pixels,
  type PixelValues,
} from './pixels.ts';
import { decodePlain, MOST_PLAIN_PIXELS } from './plain.ts';
import { resample } from './resample.ts';

/** Larger images are refused: they would take gigabytes. */
const MOST_PIXELS = 100_000_000;

/** Pixels that are decoded at once, all images together; a larger one is decoded alone. */
const gate = createGate(32_000_000);

/** Seconds that one image may take. */
const TIME_LIMIT = 60;

/** How an image came: turned as its EXIF says. */
export interface ImageFacts {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Bits a channel. */
  readonly bits: number;
  readonly notes: ImageNotes;
}

/** What was done to an image that people should know, as flags. */
export type ImageNotes = number;

/** Alpha was laid on the background. */
export const FLATTENED = 1;
/** Only the first of several frames or pages was taken. */
export const FIRST_FRAME = 2;
/** Values outside of what can be kept were cut. */
export const CLIPPED = 4;

/** An image as it is kept, and how it came. */
export interface DecodedImage {
  readonly data: PixelValues;
  readonly facts: ImageFacts;
}

// One thread an image: many are decoded at once. Nothing is opened twice.
sharp.cache(false);
sharp.concurrency(1);

/**
 * Decodes a PNG, JPEG, WebP, GIF, TIFF or BMP file (others are refused, by their first bytes), turns it as its EXIF
 * says and brings it to the wanted size, colours and type. Embedded colour profiles are not applied, as in Keras and
 * PIL. Rejects with an ImageError that says what is wrong.
 */
export async function decodeImage(bytes: Buffer, to: ImagePreprocessing): Promise<DecodedImage> {
  const format = formatOf(bytes);
  if (format === undefined)
    throw new ImageError(
      'unreadable',
      bytes.length === 0
        ? 'the file is empty'
        : 'it is no PNG, JPEG, WebP, GIF, TIFF or BMP file by its first bytes',
    );
  if (format === 'bmp') {
    checkSize(bmpSize(bytes));
    return fromPixels(decodeBmp(bytes), 8, to);
  }
  const plain = format === 'png' || format === 'jpeg' ? await decodePlain(bytes) : null;
  if (plain) return fromPixels(plain, 8, to);
  try {
    return await decodeBySharp(bytes, to);
  } catch (error) {
    if (error instanceof ImageError) throw error;
    throw new ImageError('unreadable', plainWords((error as Error).message, format));
  }
}

/** How an encoded image is, by its header. Rejects as `decodeImage` does. */
export async function lookAtImage(bytes: Buffer): Promise<ImageFacts> {
  const format = formatOf(bytes);
  if (format === 'bmp') {
    const size = bmpSize(bytes);
    checkSize(size);
    const { channels } = decodeBmp(bytes);
    return { ...size, channels, bits: 8, notes: 0 };
  }
  if (format === undefined) throw new ImageError('unreadable', 'it is no image');
  try {
    return factsOf(await open(bytes).metadata());
  } catch (error) {
    throw new ImageError('unreadable', plainWords((error as Error).message, format));
  }
}

/** Brings pixels that are stored as such to what is wanted. Throws an ImageError. */
export function convertImage(
  shape: readonly number[],
  values: TypedArray,
  to: ImagePreprocessing,
): DecodedImage {
  const [height, width, channels = 1] = shape;
  if (!height || !width || !channels || shape.length > 3 || sizeOf(shape) !== values.length)
    throw new ImageError(
      'wrong-size',
      `expected height, width and channels; got shape ${formatShape(shape)} with ${values.length} numbers`,
    );
  checkSize({ height, width });
  if (values instanceof Uint8Array)
    return fromPixels({ height, width, channels, data: values, white: 255 }, 8, to);
  if (values instanceof Uint16Array)
    return fromPixels({ height, width, channels, data: values, white: 65_535 }, 16, to);
  const { data, clipped } = within(values, to);
  const image = { height, width, channels, data, white: whiteOf(to.dtype) };
  const { facts, data: converted } = fromPixels(image, values.BYTES_PER_ELEMENT * 8, to);
  return {
    data: converted,
    facts: clipped ? { ...facts, notes: facts.notes | CLIPPED } : facts,
  };
}

/** Numbers as they can be kept: finite floats, or whole numbers cut to the range of the type. */
function within(values: TypedArray, { dtype }: ImagePreprocessing) {
  const white = whiteOf(dtype);
  const data = Float32Array.from(values);
  let clipped = false;
  for (let i = 0; i < data.length; i++) {
    const value = data[i]!;
    if (!Number.isFinite(value))
      throw new ImageError('not-a-number', `value ${i} of the image is ${value}`);
    if (dtype !== 'float32' && (value < 0 || value > white)) {
      data[i] = value < 0 ? 0 : white;
      clipped = true;
    }
  }
  return { data, clipped };
}

function fromPixels(
  pixels: Pixels<ArrayLike<number>>,
  bits: number,
  to: ImagePreprocessing,
): DecodedImage {
  const { height, width, channels } = pixels;
  const [h, w] = to.size;
  const isSized = height === h && width === w;
  const sized = isSized ? pixels : resample(withoutUnkept(pixels, to), to);
  const facts = { height, width, channels, bits, notes: 0 };
  return { data: convertPixels(sized, to), facts: withFlattened(facts, channels % 2 === 0, to) };
}

async function decodeBySharp(bytes: Buffer, to: ImagePreprocessing): Promise<DecodedImage> {
  const image = open(bytes);
  const meta = await image.metadata();
  const facts = factsOf(meta);
  checkSize(facts);
  if (meta.depth !== 'uchar' && meta.depth !== 'ushort')
    throw new ImageError(
      'unreadable',
      `its pixels are of type ${meta.depth}; 8 and 16 bit whole numbers can be read`,
    );
  if (meta.space === 'cmyk') return fromPixels(await decodeInks(image, facts), 8, to);
  const deep = meta.depth === 'ushort';
  const kept = deep && to.dtype !== 'uint8';
  const grey = meta.channels === 1;
  const [height, width] = to.size;
  if ((meta.orientation ?? 1) > 1) image.autoOrient();
  // Smaller ones are brought to their size as all others are; larger ones shrink while they are decoded.
  const isLarge = facts.height * facts.width > MOST_PLAIN_PIXELS;
  if (isLarge && (facts.height !== height || facts.width !== width)) {
    const shade = Math.round(to.background * 255);
    image.resize(width, height, {
      fit: fits[to.fit],
      kernel: kernels[to.interpolation],
      background: { r: shade, g: shade, b: shade, alpha: 1 },
    });
  }
  image.toColourspace(grey ? (kept ? 'grey16' : 'b-w') : kept ? 'rgb16' : 'srgb');
  image.raw({ depth: kept ? 'ushort' : 'uchar' }).timeout({ seconds: TIME_LIMIT });
  const { data, info } = await gate(facts.height * facts.width, () =>
    image.toBuffer({ resolveWithObject: true }),
  );
  const values = kept
    ? new Uint16Array(data.buffer.slice(data.byteOffset, data.byteOffset + data.length))
    : data;
  const white = kept ? 65_535 : 255;
  const size = isLarge ? to.size : [facts.height, facts.width];
  if (info.height !== size[0] || info.width !== size[1])
    throw new ImageError('unreadable', `it was decoded to ${info.width} x ${info.height} px`);
  const decoded = { height: info.height, width: info.width, channels: info.channels, white };
  const { data: converted } = fromPixels({ ...decoded, data: values }, facts.bits, to);
  return { data: converted, facts: withFlattened(facts, meta.hasAlpha, to) };
}

/** Cyan, magenta, yellow and black as colours without a profile, as PIL has them: `R = (1 - C)(1 - K)`. */
async function decodeInks(image: Sharp, { height, width }: ImageFacts): Promise<Pixels> {
  const inks = await gate(height * width, () =>
    image
      .autoOrient()
      .pipelineColourspace('cmyk')
      .toColourspace('cmyk')
      .raw({ depth: 'uchar' })
      .timeout({ seconds: TIME_LIMIT })
      .toBuffer(),
  );
  const data = new Uint8Array(height * width * 3);
  for (let i = 0, at = 0; at < data.length; i += 4)
    for (let c = 0; c < 3; c++)
      data[at++] = Math.round(((255 - inks[i + c]!) * (255 - inks[i + 3]!)) / 255);
  return { height, width, channels: 3, data, white: 255 };
}

const fits = { stretch: 'fill', crop: 'cover', pad: 'contain' } as const;
const kernels = {
  nearest: 'nearest',
  bilinear: 'linear',
  bicubic: 'cubic',
  lanczos3: 'lanczos3',
} as const;

function open(bytes: Buffer): Sharp {
  return sharp(bytes, {
    failOn: 'error',
    limitInputPixels: false,
    ignoreIcc: true,
    sequentialRead: true,
  });
}

function factsOf(meta: Metadata): ImageFacts {
  const { width, height } = meta.autoOrient;
  const notes = (meta.pages ?? 1) > 1 ? FIRST_FRAME : 0;
  return { height, width, channels: meta.channels, bits: meta.depth === 'ushort' ? 16 : 8, notes };
}

function withFlattened(
  facts: ImageFacts,
  hasAlpha: boolean,
  { color }: ImagePreprocessing,
): ImageFacts {
  const flattened = hasAlpha && (color === 'grey' || color === 'rgb');
  return flattened ? { ...facts, notes: facts.notes | FLATTENED } : facts;
}

function checkSize({ height, width }: { height: number; width: number }): void {
  if (height * width > MOST_PIXELS)
    throw new ImageError(
      'too-large',
      `it has ${width} x ${height} px; at most ${MOST_PIXELS / 1e6} million px are read`,
    );
}

/** The format of an encoded image by its first bytes; undefined for all that is not decoded here. */
function formatOf(bytes: Uint8Array): string | undefined {
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 12));
  const text = start.toString('latin1');
  if (text.startsWith('\x89PNG\r\n\x1a\n')) return 'png';
  if (text.startsWith('\xff\xd8\xff')) return 'jpeg';
  if (text.startsWith('GIF87a') || text.startsWith('GIF89a')) return 'gif';
  if (text.startsWith('RIFF') && text.slice(8) === 'WEBP') return 'webp';
  if (/^(II[*+]\0|MM\0[*+])/.test(text)) return 'tiff';
  return text.startsWith('BM') ? 'bmp' : undefined;
}

/** What libvips says, for people. */
function plainWords(message: string, format: string): string {
  const said = message.split('\n')[0]!.replace(/^(Input buffer|Vips\w+:|\w+load_buffer:)\s*/i, '');
  return `the ${format.toUpperCase()} file can't be decoded: ${said}`;
}
