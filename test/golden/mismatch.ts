import type { Numbers } from '../reference/numbers.ts';
import { relativeDifference, type GoldenTensor } from '../support/goldens.ts';
import { goldenTensor } from '../support/goldens.ts';

/** Something that a case got wrong. */
export interface Mismatch {
  /** Which output, gradient, weight or log. */
  readonly what: string;
  /** Over the tolerance: how far off, relative to the largest expected number (at least 1). */
  readonly difference: number;
  readonly tolerance: number;
}

/** A mismatch when a tensor is farther from the golden one than the tolerance, or has another shape. */
export function compare(
  what: string,
  received: Numbers | undefined,
  expected: GoldenTensor,
  tolerance: number,
): Mismatch[] {
  const fits = received && String(received.shape) === String(expected.shape);
  const difference = fits
    ? relativeDifference(received.data, goldenTensor(expected).data)
    : Infinity;
  return difference <= tolerance ? [] : [{ what, difference, tolerance }];
}

/** A mismatch when a logged number is farther off than 1e-5 of itself + 1e-6, or than 20 times Keras's own noise. */
export function compareLog(
  what: string,
  received: number | readonly number[] | undefined,
  expected: number | readonly number[],
  noise: number,
): Mismatch[] {
  const numbers = [received ?? NaN].flat();
  return [expected].flat().flatMap((number, i) => {
    const tolerance = Math.max(1e-5 * Math.abs(number) + 1e-6, 20 * noise);
    const difference = Math.abs((numbers[i] ?? NaN) - number);
    return difference <= tolerance ? [] : [{ what, difference, tolerance }];
  });
}
