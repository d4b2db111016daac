import type { Normalization } from '../../shared/data/preprocessing.ts';
import type { Dataset } from './dataset.ts';

/** How many samples the mean and deviation are taken of at most: evenly spaced ones. */
const MOST = 20_000;

/**
 * Mean and standard deviation of the last axis of a column, over evenly spaced samples of a dataset whose values are not
 * normalised; of a column of single numbers one each. A deviation of 0 counts as 1.
 */
export async function standardise(dataset: Dataset, column: string): Promise<Normalization> {
  const channels = dataset.elements[column]!.shape.at(-1) ?? 1;
  const count = Math.min(dataset.size, MOST);
  const sums = new Float64Array(channels);
  const squares = new Float64Array(channels);
  let values = 0;
  for (let start = 0; start < count; start += 256) {
    const samples = Int32Array.from({ length: Math.min(256, count - start) }, (_, i) =>
      Math.floor(((start + i) * dataset.size) / count),
    );
    const { data } = (await dataset.batch(samples, [column]))[column]!;
    for (let i = 0; i < data.length; i++) {
      const value = data[i]!;
      sums[i % channels]! += value;
      squares[i % channels]! += value * value;
    }
    values += data.length / channels;
  }
  const mean = Array.from(sums, (sum) => sum / values);
  const std = mean.map(
    (mean, c) => Math.sqrt(Math.max(0, squares[c]! / values - mean * mean)) || 1,
  );
  return { mean, std };
}
