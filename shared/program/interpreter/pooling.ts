import type { PoolAttrs } from '../attributes.ts';
import { sizeOf, zeros, type TensorData } from '../tensor.ts';
import { eachPosition, eachTap, volumeOf, windowOf } from './window.ts';

/** The largest number of each window, or the mean of what it holds; padding does not count. */
export function pool(
  kind: 'maxPool' | 'avgPool',
  x: TensorData,
  { poolSize, strides, padding }: PoolAttrs,
  shape: readonly number[],
): TensorData {
  const ones = poolSize.map(() => 1);
  const window = windowOf(x.shape.slice(1, -1), poolSize, strides, ones, padding);
  const [from, to] = [volumeOf(x.shape), volumeOf(shape)];
  const largest = kind === 'maxPool';
  const data = zeros(x.dtype, sizeOf(shape)).fill(largest ? -Infinity : 0);
  const channels = from[4];
  const image = from[1] * from[2] * from[3] * channels;
  const pixels = to[1] * to[2] * to[3];
  for (let n = 0; n < from[0]; n++)
    eachPosition(to, (position, at) => {
      const base = (n * pixels + at) * channels;
      let count = 0;
      eachTap(from, window, position, (_, pixel) => {
        const start = n * image + pixel * channels;
        count++;
        for (let c = 0; c < channels; c++) {
          const value = x.data[start + c]!;
          if (!largest) data[base + c] = data[base + c]! + value;
          else if (!(value <= data[base + c]!)) data[base + c] = value;
        }
      });
      if (!largest) for (let c = 0; c < channels; c++) data[base + c] = data[base + c]! / count;
    });
  return { shape, dtype: x.dtype, data };
}
