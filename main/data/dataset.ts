import { StudioError } from '../../shared/api/errors.ts';
import type { NamedTensors, TensorType } from '../../shared/program/tensor.ts';
import { gather } from './typed-array.ts';

/** What a sample holds under one name; the shape is without the batch. */
export interface DataElement extends TensorType {
  readonly shape: readonly number[];
  /**
   * `image` and `numbers` are float32, `class` is an int32 scalar: an index into `classes`. Where a sample has none,
   * numbers are NaN and a class is MISSING.
   */
  readonly kind: 'image' | 'class' | 'numbers';
  readonly classes?: readonly string[];
}

/** The class of a sample that has none. */
export const MISSING = -1;

/** Samples by number, from 0 to `size` - 1. */
export interface Dataset {
  /** `mnist/train` */
  readonly name: string;
  readonly size: number;
  readonly elements: Readonly<Record<string, DataElement>>;
  /**
   * The samples with these numbers, stacked along a first axis, by element; only the elements in `only` where that is
   * given, which reads no others. Rejects with a RangeError for a number outside.
   */
  batch(indices: ArrayLike<number>, only?: readonly string[]): Promise<NamedTensors>;
}

/** The samples with these numbers, in this order, as a dataset of their own. */
export function selectSamples(dataset: Dataset, samples: Int32Array, name = dataset.name): Dataset {
  return {
    ...dataset,
    name,
    size: samples.length,
    async batch(indices, only) {
      checkIndices(indices, samples.length, name);
      const numbers = gather(samples, indices, new Int32Array(indices.length));
      return dataset.batch(numbers, only);
    },
  };
}

/** The first `limit` samples of a dataset; all when there are no more or `limit` is null. */
export function firstSamples(dataset: Dataset, limit: number | null): Dataset {
  if (limit === null || limit >= dataset.size) return dataset;
  return selectSamples(
    dataset,
    Int32Array.from({ length: limit }, (_, i) => i),
  );
}

/** The classes of all samples, by number, from an element of kind `class`; read in parts. */
export async function classesOfSamples(dataset: Dataset, element: string): Promise<Int32Array> {
  const { size } = dataset;
  const classes = new Int32Array(size);
  for (let start = 0; start < size; start += 4096) {
    const part = Int32Array.from({ length: Math.min(4096, size - start) }, (_, i) => start + i);
    classes.set((await dataset.batch(part, [element]))[element]!.data, start);
  }
  return classes;
}

/** Throws a RangeError when one of the indices is no number of a sample. */
export function checkIndices(indices: ArrayLike<number>, size: number, name: string): void {
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!;
    if (!Number.isInteger(index) || index < 0 || index >= size)
      throw new RangeError(`${name} has samples 0 to ${size - 1}; got ${index}`);
  }
}

/** Data that can't be found or read. */
export function dataError(message: string): StudioError {
  return new StudioError('BAD_DATA', message);
}
