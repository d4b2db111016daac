import { encode } from 'fast-png';
import { formatShape, type TensorData } from '../../shared/program/tensor.ts';

/** The longest side of a sample in a strip, in px; larger ones are reduced by a whole factor. */
const LONGEST = 192;

/** Whether samples of this shape (without the batch) can be drawn: height, width and channels, all known. */
export function isImageShape(
  shape: readonly unknown[],
): shape is readonly [height: number, width: number, channels: number] {
  return shape.length === 3 && shape.every((dim) => typeof dim === 'number');
}

/** The shape that a sample has in a strip: reduced where it is large, with 1 or 3 channels. */
export function stripShape([height, width, channels]: readonly number[]): [number, number, 1 | 3] {
  const factor = reduction(height!, width!);
  return [Math.ceil(height! / factor), Math.ceil(width! / factor), channels! < 3 ? 1 : 3];
}

/**
 * Draws images [count, height, width, channels] side by side, the first at the left, as one PNG of 8 bits a channel:
 * the first three channels as red, green and blue, of fewer than three the first as grey. 0 is black and 1 white; what
 * lies outside is cut off and NaN is black. Throws a RangeError for another shape.
 */
export function encodeStrip({ shape, data }: TensorData): Uint8Array {
  const [count, ...image] = shape;
  if (count === undefined || !isImageShape(image))
    throw new RangeError(
      `a strip takes images (count, height, width, channels); got ${formatShape(shape)}`,
    );
  const [height, width, channels] = image;
  const [rows, columns, drawn] = stripShape(image);
  const factor = reduction(height, width);
  const pixels = new Uint8ClampedArray(count * rows * columns * drawn);
  for (let i = 0; i < count; i++)
    for (let y = 0; y < rows; y++)
      for (let x = 0; x < columns; x++) {
        const to = ((y * count + i) * columns + x) * drawn;
        for (let c = 0; c < drawn; c++) pixels[to + c] = 255 * mean(i, y * factor, x * factor, c);
      }
  const strip = { width: count * columns, height: rows, data: pixels, channels: drawn } as const;
  // A third level of compression saves half the time of the usual sixth and is as small for images.
  return encode({ ...strip, depth: 8 }, { zlib: { level: 3 } });

  /** The mean of the square of pixels that becomes one. */
  function mean(i: number, top: number, left: number, channel: number): number {
    const [bottom, right] = [Math.min(top + factor, height), Math.min(left + factor, width)];
    let sum = 0;
    for (let y = top; y < bottom; y++)
      for (let x = left; x < right; x++)
        sum += data[((i * height + y) * width + x) * channels + channel]!;
    return sum / ((bottom - top) * (right - left));
  }
}

function reduction(height: number, width: number): number {
  return Math.max(1, Math.ceil(Math.max(height, width) / LONGEST));
}
