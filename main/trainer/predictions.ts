import type { ImagesResult, Prediction } from '../../shared/api/events.ts';
import type { TensorData } from '../../shared/program/tensor.ts';

/**
 * The class that each row [count, classes] says, with its probability: rows that are none (they do not add up to 1) are
 * taken for logits. One column says the second of two classes. The error is what the true class lacks to 1.
 */
export function judgeClasses(
  { shape, data }: TensorData,
  labels: ArrayLike<number>,
  classes: readonly string[],
): ImagesResult {
  const [count, width] = [shape[0]!, data.length / shape[0]!];
  const predictions: Prediction[] = [];
  const errors: number[] = [];
  for (let i = 0; i < count; i++) {
    const chances = probabilities(Array.from(data.subarray(i * width, (i + 1) * width)));
    const best = chances.indexOf(Math.max(...chances));
    predictions.push({ label: classes[best] ?? String(best), probability: chances[best] ?? NaN });
    errors.push(1 - (chances[labels[i]!] ?? 0));
  }
  return { errors, predictions };
}

function probabilities(row: readonly number[]): number[] {
  if (row.length === 1) {
    const [value] = row as [number];
    const second = value >= 0 && value <= 1 ? value : 1 / (1 + Math.exp(-value));
    return [1 - second, second];
  }
  const sum = row.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) < 1e-3 && row.every((value) => value >= 0)) return [...row];
  const most = Math.max(...row);
  const powers = row.map((value) => Math.exp(value - most));
  const total = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / total);
}

/** The numbers that each row says; the error is the mean squared difference. */
export function judgeNumbers(made: TensorData, target: TensorData): ImagesResult {
  return {
    errors: sampleErrors(target, made),
    predictions: rowsOf(made).map((values) => ({ values })),
  };
}

/** The numbers of each sample, the first few of many. */
export function rowsOf({ shape, data }: TensorData): number[][] {
  const width = data.length / shape[0]!;
  return Array.from({ length: shape[0]! }, (_, i) =>
    Array.from(data.subarray(i * width, i * width + Math.min(width, 4))),
  );
}

/** The mean squared difference of each sample. */
export function sampleErrors(a: TensorData, b: TensorData): number[] {
  const count = a.shape[0]!;
  const size = a.data.length / count;
  return Array.from({ length: count }, (_, sample) => {
    let sum = 0;
    for (let i = sample * size; i < (sample + 1) * size; i++) sum += (a.data[i]! - b.data[i]!) ** 2;
    return sum / size;
  });
}
