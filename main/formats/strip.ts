import { encode } from 'fast-png';
import { formatShape, type TensorData } from '../../shared/program/tensor.ts';

/** Whether samples of this shape (without the batch) can be drawn: height, width, and 1 or 3 channels. */
export function isImageShape(shape: readonly unknown[]): shape is readonly [number, number, 1 | 3] {
  return (
    shape.length === 3 &&
    shape.every((dim) => typeof dim === 'number') &&
    (shape[2] === 1 || shape[2] === 3)
  );
}

/**
 * Draws images [count, height, width, 1 or 3] side by side, the first at the left, as one PNG of 8 bits a channel.
 * 0 is black and 1 white; what lies outside is cut off and NaN is black. Throws a RangeError for another shape.
 */
export function encodeStrip({ shape, data }: TensorData): Uint8Array {
  const [count, ...image] = shape;
  if (count === undefined || !isImageShape(image))
    throw new RangeError(
      `a strip takes images (count, height, width, 1 or 3); got ${formatShape(shape)}`,
    );
  const [height, width, channels] = image;
  const row = width * channels;
  const pixels = new Uint8ClampedArray(count * height * row);
  for (let i = 0; i < count; i++)
    for (let y = 0; y < height; y++) {
      const from = (i * height + y) * row;
      const to = (y * count + i) * row;
      for (let x = 0; x < row; x++) pixels[to + x] = data[from + x]! * 255;
    }
  return encode({ width: count * width, height, data: pixels, channels, depth: 8 });
}
