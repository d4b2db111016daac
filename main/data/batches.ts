import type { NamedTensors } from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';
import type { Dataset } from './dataset.ts';

/** Consecutive samples of an order, stacked. */
export interface Batch {
  readonly size: number;
  /** The samples' numbers in the dataset. */
  readonly samples: Int32Array;
  readonly elements: NamedTensors;
}

/** How many batches are read ahead of the one that is worked with. */
const AHEAD = 2;

/** The order in which an epoch (counted from 1) meets the samples: it depends on the seed and the epoch alone. */
export function shuffledOrder(size: number, seed: number, epoch: number): Int32Array {
  return createRandom(seed, 'shuffle', epoch).permutation(size);
}

/** The samples as they are numbered. */
export function naturalOrder(size: number): Int32Array {
  return Int32Array.from({ length: size }, (_, i) => i);
}

/**
 * The samples in batches, in this order; the last batch holds what remains, as in Keras. While one batch is worked
 * with, the next two are made. An error comes in its batch's turn, and whoever ends early leaves no read behind.
 */
export async function* batches(
  dataset: Dataset,
  order: Int32Array,
  batchSize: number,
): AsyncGenerator<Batch, undefined> {
  const coming: Promise<Batch>[] = [];
  let start = 0;
  const lookAhead = () => {
    for (; coming.length < AHEAD && start < order.length; start += batchSize) {
      const batch = read(dataset, order.subarray(start, start + batchSize));
      batch.catch(() => {});
      coming.push(batch);
    }
  };
  try {
    for (lookAhead(); coming.length > 0;) {
      const batch = await coming.shift()!;
      lookAhead();
      yield batch;
    }
  } finally {
    await Promise.allSettled(coming);
  }
  return undefined;
}

async function read(dataset: Dataset, indices: Int32Array): Promise<Batch> {
  return { size: indices.length, samples: indices, elements: await dataset.batch(indices) };
}
