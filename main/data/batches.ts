import { sizeOf, type NamedTensors } from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';
import type { Dataset } from './dataset.ts';

/** Consecutive samples of an order, stacked. */
export interface Batch {
  readonly size: number;
  /** The samples' numbers in the dataset. */
  readonly samples: Int32Array;
  readonly elements: NamedTensors;
}

/** Small batches are read several at once, up to so many values together: each reading has a cost of its own. */
const VALUES = 1 << 19;

/** How many readings are under way or done beside the one whose batches are worked with. */
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
 * with, the next ones are made. An error comes before the batches that were read together with the one it is about, and
 * whoever ends early leaves no read behind.
 */
export async function* batches(
  dataset: Dataset,
  order: Int32Array,
  batchSize: number,
): AsyncGenerator<Batch, undefined> {
  const together =
    batchSize * Math.max(1, Math.floor(VALUES / (batchSize * sampleValues(dataset))));
  const coming: Promise<Batch>[] = [];
  let start = 0;
  const lookAhead = () => {
    while (coming.length < AHEAD && start < order.length) {
      // The first batch is waited for: it comes alone.
      const end = start + (start === 0 ? batchSize : together);
      const reading = read(dataset, order.subarray(start, end));
      reading.catch(() => {});
      coming.push(reading);
      start = end;
    }
  };
  try {
    for (lookAhead(); coming.length > 0;) {
      const some = await coming.shift()!;
      lookAhead();
      for (let at = 0; at < some.size; at += batchSize) yield cut(some, at, at + batchSize);
    }
  } finally {
    await Promise.allSettled(coming);
  }
  return undefined;
}

/** The numbers in one sample. */
function sampleValues({ elements }: Dataset): number {
  return Object.values(elements).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
}

async function read(dataset: Dataset, indices: Int32Array): Promise<Batch> {
  return { size: indices.length, samples: indices, elements: await dataset.batch(indices) };
}

/** Consecutive samples of a batch: views of its values. */
function cut(batch: Batch, from: number, to: number): Batch {
  if (from === 0 && to >= batch.size) return batch;
  const samples = batch.samples.subarray(from, to);
  const elements = Object.entries(batch.elements).map(([name, { shape, dtype, data }]) => {
    const inner = shape.slice(1);
    const values = sizeOf(inner);
    const part = data.subarray(from * values, to * values);
    return [name, { shape: [samples.length, ...inner], dtype, data: part }] as const;
  });
  return { size: samples.length, samples, elements: Object.fromEntries(elements) };
}
