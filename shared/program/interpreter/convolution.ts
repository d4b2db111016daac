import type { OpAttrs } from '../attributes.ts';
import { sizeOf, type TensorData } from '../tensor.ts';
import { addProduct, transposed } from './matmul.ts';
import { eachPosition, eachTap, volumeOf, windowOf, type Volume, type Window } from './window.ts';

/** What a window holds is laid out for so many numbers at most before they are multiplied: 1 MiB. */
const MOST_NUMBERS = 1 << 18;

/** x [N, ...spatial, Cin], filter [...kernel, Cin / groups, Cout]: each window as a row, times the filter as a matrix. */
export function conv(
  x: TensorData,
  filter: TensorData,
  { strides, dilations, padding, groups }: OpAttrs['conv'],
  shape: readonly number[],
): TensorData {
  const kernel = filter.shape.slice(0, -2);
  const window = windowOf(x.shape.slice(1, -1), kernel, strides, dilations, padding);
  const [from, to] = [volumeOf(x.shape), volumeOf(shape)];
  const data = new Float32Array(sizeOf(shape));
  const out = { shape, dtype: 'float32', data } as const;
  if (filter.shape.at(-2) === 1 && groups > 1) return depthwise(x, filter, window, from, to, out);
  const taps = sizeOf(kernel);
  const [channels, columns] = [from[4] / groups, to[4] / groups];
  const inner = taps * channels;
  const pixels = to[1] * to[2] * to[3];
  const block = Math.max(1, Math.min(pixels, Math.floor(MOST_NUMBERS / inner)));
  const rows = new Float32Array(block * inner);
  const filters = filter.data as Float32Array;
  const image = from[1] * from[2] * from[3] * from[4];
  for (let n = 0; n < from[0]; n++)
    for (let group = 0; group < groups; group++) {
      let filled = 0;
      const multiply = (end: number) => {
        addProduct(
          { data, start: (n * pixels + end - filled) * to[4] + group * columns, step: to[4] },
          { data: rows, start: 0, step: inner },
          { data: filters, start: group * columns, step: to[4] },
          filled,
          inner,
          columns,
        );
        rows.fill(0);
        filled = 0;
      };
      eachPosition(to, (position, at) => {
        eachTap(from, window, position, (tap, pixel) => {
          const start = n * image + pixel * from[4] + group * channels;
          const row = filled * inner + tap * channels;
          for (let c = 0; c < channels; c++) rows[row + c] = x.data[start + c]!;
        });
        if (++filled === block) multiply(at + 1);
      });
      if (filled > 0) multiply(pixels);
    }
  return out;
}

/** A filter of its own for each channel. */
function depthwise(
  x: TensorData,
  filter: TensorData,
  window: Window,
  from: Volume,
  to: Volume,
  out: TensorData,
): TensorData {
  const [channels, multiplier] = [from[4], to[4] / from[4]];
  const image = from[1] * from[2] * from[3] * channels;
  const pixels = to[1] * to[2] * to[3];
  for (let n = 0; n < from[0]; n++)
    eachPosition(to, (position, at) => {
      const base = (n * pixels + at) * to[4];
      eachTap(from, window, position, (tap, pixel) => {
        const [start, weights] = [n * image + pixel * channels, tap * to[4]];
        if (multiplier === 1)
          for (let c = 0; c < channels; c++)
            out.data[base + c] =
              out.data[base + c]! + x.data[start + c]! * filter.data[weights + c]!;
        else
          for (let c = 0; c < to[4]; c++)
            out.data[base + c] =
              out.data[base + c]! +
              x.data[start + Math.floor(c / multiplier)]! * filter.data[weights + c]!;
      });
    });
  return out;
}

/** Keras's transposed convolution: dy times the filter turned, each row added where its window lies. */
export function convInputGrad(
  dy: TensorData,
  filter: TensorData,
  { strides, dilations, padding, groups }: OpAttrs['convInputGrad'],
  shape: readonly number[],
): TensorData {
  const kernel = filter.shape.slice(0, -2);
  const window = windowOf(shape.slice(1, -1), kernel, strides, dilations, padding);
  const [from, to] = [volumeOf(dy.shape), volumeOf(shape)];
  const data = new Float32Array(sizeOf(shape));
  const taps = sizeOf(kernel);
  const [inner, channels] = [from[4] / groups, to[4] / groups];
  const columns = taps * channels;
  const turned = transposed({ ...filter, shape: [columns, from[4]] }, [1, 0]);
  const pixels = from[1] * from[2] * from[3];
  const image = to[1] * to[2] * to[3] * to[4];
  const row = new Float32Array(columns);
  for (let n = 0; n < from[0]; n++)
    for (let group = 0; group < groups; group++)
      eachPosition(from, (position, at) => {
        row.fill(0);
        addProduct(
          { data: row, start: 0, step: columns },
          {
            data: dy.data as Float32Array,
            start: (n * pixels + at) * from[4] + group * inner,
            step: from[4],
          },
          { data: turned.data as Float32Array, start: group * inner * columns, step: columns },
          1,
          inner,
          columns,
        );
        eachTap(to, window, position, (tap, pixel) => {
          const start = n * image + pixel * to[4] + group * channels;
          for (let c = 0; c < channels; c++)
            data[start + c] = data[start + c]! + row[tap * channels + c]!;
        });
      });
  return { shape, dtype: 'float32', data };
}
