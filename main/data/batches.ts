import type { NamedTensors } from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';
import type { Dataset } from './dataset.ts';

/** Consecutive samples of an order, stacked. */
export interface Batch {
  readonly size: number;
  readonly elements: NamedTensors;
}

/** The order in which an epoch (counted from 1) meets the samples: it depends on the seed and the epoch alone. */
export function shuffledOrder(size: number, seed: number, epoch: number): Int32Array {
  return createRandom(seed, 'shuffle', epoch).permutation(size);
}

/** The samples as they are numbered. */
export function naturalOrder(size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => i);
}

/** The samples in batches, in this order; the last batch holds what remains, as in Keras. */
export function* batches(
  dataset: Dataset,
  order: Int32Array,
  batchSize: number,
): Generator<Batch, undefined> {
  for (let start = 0; start < order.length; start += batchSize) {
    const indices = order.subarray(start, start + batchSize);
    yield { size: indices.length, elements: dataset.batch(indices) };
  }
  return undefined;
}
