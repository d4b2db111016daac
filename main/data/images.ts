import { formatShape, sizeOf } from '../../shared/program/tensor.ts';
import { checkIndices, dataError, type Dataset } from './dataset.ts';
import type { IdxArray } from './idx.ts';

const UNIT = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

/**
 * Labelled images. They stay bytes in memory; `batch` gives `image`, float32 from 0 to 1, channels last, and
 * `label`, int32 scalars. Throws when images and labels do not belong together.
 */
export function imageDataset(
  name: string,
  images: IdxArray,
  labels: IdxArray,
  classes: readonly string[],
): Dataset {
  const { size, shape } = sampleShape(name, images.shape, labels.shape);
  const pixels = sizeOf(shape);
  return {
    name,
    size,
    elements: {
      image: { shape, dtype: 'float32', kind: 'image' },
      label: { shape: [], dtype: 'int32', kind: 'class', classes },
    },
    async batch(indices) {
      checkIndices(indices, size, name);
      const count = indices.length;
      const image = new Float32Array(count * pixels);
      const label = new Int32Array(count);
      for (let i = 0; i < count; i++) {
        const from = indices[i]! * pixels;
        const to = i * pixels;
        for (let p = 0; p < pixels; p++) image[to + p] = UNIT[images.data[from + p]!]!;
        label[i] = labels.data[indices[i]!]!;
      }
      return {
        image: { shape: [count, ...shape], dtype: 'float32', data: image },
        label: { shape: [count], dtype: 'int32', data: label },
      };
    },
  };
}

/** How many images there are and the shape of one, channels last. Throws when the labels do not belong to them. */
export function sampleShape(
  name: string,
  images: readonly number[],
  labels: readonly number[],
): { size: number; shape: number[] } {
  const [size, ...rest] = images;
  if (size === undefined || size === 0 || rest.length < 2 || rest.length > 3)
    throw dataError(
      `${name}: expected images of shape (count, height, width) or with channels; got ${formatShape(images)}`,
    );
  if (labels.length !== 1 || labels[0] !== size)
    throw dataError(
      `${name}: expected ${size} labels, one an image; got shape ${formatShape(labels)}`,
    );
  return { size, shape: rest.length === 2 ? [...rest, 1] : rest };
}
