import type { TensorData } from '../../../../shared/program/tensor.ts';
import { encodeStrip, isImageShape, stripShape } from '../../../formats/strip.ts';
import type { EncodedImage } from './event.ts';

/** The most kernels of a weight that are drawn. */
const MOST = 64;

/**
 * A weight as Keras's TensorBoard callback draws it: a bias as a row, a matrix as it is, lying on its longer side, the
 * kernels of a convolution side by side; dark is small and bright is large. Null for what is no picture.
 */
export function weightImage({ shape, data }: TensorData): EncodedImage | null {
  const dims = shape.filter((dim) => dim !== 1);
  const images = pictured(dims, data);
  if (!images || !isImageShape(images.shape.slice(1)) || data.length === 0) return null;
  const [least, most] = range(images.data);
  const scaled = Float32Array.from(images.data, (value) => (value - least) / (most - least || 1));
  const [height, width, channels] = stripShape(images.shape.slice(1));
  const count = images.shape[0]!;
  const png = encodeStrip({ shape: images.shape, dtype: 'float32', data: scaled });
  return { width: width * count, height, channels, png };
}

function pictured(
  dims: readonly number[],
  data: ArrayLike<number>,
): { shape: number[]; data: Float32Array } | null {
  const values = Float32Array.from(data);
  const [a = 1, b = 1, c = 1] = dims;
  if (dims.length <= 1) return { shape: [1, 1, values.length, 1], data: values };
  if (dims.length === 2)
    return a > b
      ? { shape: [1, b, a, 1], data: turned(values, a, b) }
      : { shape: [1, a, b, 1], data: values };
  if (dims.length > 4) return null;
  // The last axis counts the kernels; of a kernel over several channels the first is drawn.
  const kernels = dims.at(-1)!;
  const stride = values.length / (a * b);
  const shown = Math.min(dims.length === 3 ? c : kernels, MOST);
  const drawn = new Float32Array(shown * a * b);
  for (let k = 0; k < shown; k++)
    for (let i = 0; i < a * b; i++) drawn[k * a * b + i] = values[i * stride + k]!;
  return { shape: [shown, a, b, 1], data: drawn };
}

function turned(values: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)]!);
}

function range(values: Float32Array): [number, number] {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) [least, most] = [Math.min(least, value), Math.max(most, value)];
  return [least, most];
}
