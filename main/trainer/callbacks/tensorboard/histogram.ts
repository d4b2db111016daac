/** How often values lie where. */
export interface Histogram {
  readonly min: number;
  readonly max: number;
  readonly num: number;
  readonly sum: number;
  readonly sumSquares: number;
  /** The upper ends of the buckets, and how many values lie in each. */
  readonly limits: readonly number[];
  readonly counts: readonly number[];
}

/** What tf.summary.histogram takes unless told. */
const BUCKETS = 30;

/** The histogram of values in equal buckets from the least to the greatest; values that are not finite are left out. */
export function histogramOf(values: ArrayLike<number>): Histogram {
  let [min, max, num, sum, sumSquares] = [Infinity, -Infinity, 0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    num += 1;
    sum += value;
    sumSquares += value * value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  if (num === 0) return { min: 0, max: 0, num, sum, sumSquares, limits: [0], counts: [0] };
  if (min === max) return { min, max, num, sum, sumSquares, limits: [max], counts: [num] };
  const width = (max - min) / BUCKETS;
  const counts = Array<number>(BUCKETS).fill(0);
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    counts[Math.min(BUCKETS - 1, Math.floor((values[i]! - min) / width))]! += 1;
  }
  const limits = counts.map((_, i) => (i === BUCKETS - 1 ? max : min + (i + 1) * width));
  return { min, max, num, sum, sumSquares, limits, counts };
}
