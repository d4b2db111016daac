import { open } from 'node:fs/promises';
import sharp from 'sharp';
import type { ImagePreprocessing } from '../../../shared/data/preprocessing.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { convertPixels, whiteOf, type Pixels } from './image/pixels.ts';
import { resample } from './image/resample.ts';
import type { StoredColumn } from './layout.ts';

/** How pictures are drawn: each within `side` x `side` px; floats from `min` to `max` become black to white. */
interface Drawing {
  readonly side: number;
  readonly min: number;
  readonly max: number;
}

/** PNG: the images of these records side by side, each in the middle of its square on black. */
export async function drawPictures(
  file: string,
  { dtype, shape, bytes }: StoredColumn,
  records: Int32Array,
  { side, min, max }: Drawing,
): Promise<Uint8Array<ArrayBuffer>> {
  const channels = Math.min(shape[2]!, 4);
  const to: ImagePreprocessing = {
    kind: 'image',
    size: [side, side],
    fit: 'pad',
    interpolation: Math.max(shape[0]!, shape[1]!) > side ? 'bilinear' : 'nearest',
    color: channels < 3 ? 'grey' : 'rgb',
    background: 0,
    dtype: 'uint8',
    scale: 'none',
    normalize: null,
  };
  const [low, high] =
    dtype !== 'float32' || (min >= 0 && max <= 1) ? [0, whiteOf(dtype)] : [min, max];
  const wide = channels < 3 ? 1 : 3;
  const strip = Buffer.alloc(side * side * records.length * wide);
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(bytes);
    for (const [place, record] of records.entries()) {
      await handle.read(buffer, 0, bytes, record * bytes);
      const image = drawable(buffer, dtype, shape, low, high);
      const drawn = convertPixels(resample(image, to), to);
      for (let y = 0; y < side; y++)
        strip.set(
          drawn.subarray(y * side * wide, (y + 1) * side * wide),
          (y * records.length + place) * side * wide,
        );
    }
  } finally {
    await handle.close();
  }
  const raw = { width: side * records.length, height: side, channels: wide } as const;
  const png = sharp(strip, { raw }).toColourspace(wide === 1 ? 'b-w' : 'srgb');
  return new Uint8Array(await png.png({ compressionLevel: 3 }).toBuffer());
}

/** The pixels of a record from 0 to 1, with the first of more than four channels. */
function drawable(
  bytes: Buffer,
  dtype: StoredColumn['dtype'],
  shape: readonly number[],
  low: number,
  high: number,
): Pixels<Float32Array> {
  const size = sizeOf(shape);
  const values =
    dtype === 'uint8'
      ? bytes
      : dtype === 'uint16'
        ? new Uint16Array(bytes.buffer, bytes.byteOffset, size)
        : new Float32Array(bytes.buffer, bytes.byteOffset, size);
  const [height, width, stored] = shape as [number, number, number];
  const channels = stored > 4 ? 1 : stored;
  const range = high - low || 1;
  const data = Float32Array.from({ length: height * width * channels }, (_, i) => {
    const at = stored > 4 ? i * stored : i;
    return Math.min(Math.max((values[at]! - low) / range, 0), 1);
  });
  return { height, width, channels, data, white: 1 };
}
