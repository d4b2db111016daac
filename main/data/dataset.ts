import { StudioError } from '../../shared/api/errors.ts';
import type { NamedTensors, TensorType } from '../../shared/program/tensor.ts';

/** Samples by number, from 0 to `size` - 1. */
export interface Dataset {
  /** `mnist/train` */
  readonly name: string;
  readonly size: number;
  /** What a sample holds, by name; shapes are without the batch. */
  readonly elements: Readonly<Record<string, TensorType>>;
  /** The samples with these numbers, stacked along a first axis, by element. Throws a RangeError for a number outside. */
  batch(indices: ArrayLike<number>): NamedTensors;
}

/** Data as it is opened by name: what to train on and what to validate on. */
export interface DataSplits {
  readonly name: string;
  readonly train: Dataset;
  readonly test: Dataset;
  readonly classes: readonly string[];
}

/** The first `limit` samples of a dataset; all when there are no more or `limit` is null. */
export function firstSamples(dataset: Dataset, limit: number | null): Dataset {
  if (limit === null || limit >= dataset.size) return dataset;
  return {
    ...dataset,
    size: limit,
    batch(indices) {
      checkIndices(indices, limit, dataset.name);
      return dataset.batch(indices);
    },
  };
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
