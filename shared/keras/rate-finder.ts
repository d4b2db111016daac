/** A learning rate that was tried for one update. */
export interface TriedRate {
  readonly rate: number;
  /** The loss of the batch before the update. */
  readonly loss: number;
  /** The exponential moving average of the losses so far, without its bias to 0. */
  readonly smoothed: number;
}

/** What a learning-rate range test found. */
export interface RateCurve {
  readonly points: readonly TriedRate[];
  /** The rate at which the smoothed loss falls most steeply; null where it never fell. */
  readonly suggestion: number | null;
  /** The rate at which the smoothed loss was least. */
  readonly least: number | null;
  /** Whether the loss ran away, so that larger rates were not tried. */
  readonly diverged: boolean;
}

/** How a test goes: from one rate up to another, by the same factor from step to step. */
export interface RateRange {
  readonly from: number;
  readonly to: number;
  readonly steps: number;
}

export const usualRange: RateRange = { from: 1e-7, to: 10, steps: 100 };

/** Of the moving average. */
const MOMENTUM = 0.9;
/** A smoothed loss this many times the least ends the test. */
const RUNAWAY = 4;
/** So many steps are taken whatever the loss does, for its average to settle. */
const SETTLING = 5;

/**
 * Smith's learning-rate range test (Cyclical Learning Rates for Training Neural Networks, 2015), with the rate growing
 * exponentially: train with ever larger rates, and look where the loss falls and where it runs away.
 */
export interface RateFinder {
  /** The rate of the next update; null when the test is over. */
  next(): number | null;
  /** Takes in the loss of the batch that was trained on with this rate. */
  take(loss: number): void;
  curve(): RateCurve;
}

/** A test over a range. Throws a RangeError for a range without a way from its beginning to its end. */
export function createRateFinder({ from, to, steps }: RateRange): RateFinder {
  if (!(from > 0) || !(to > from) || !Number.isFinite(to) || !Number.isInteger(steps) || steps < 2)
    throw new RangeError(
      `expected learning rates from above 0 to a larger one in 2 or more steps; got ${from} to ${to} in ${steps}`,
    );
  const points: TriedRate[] = [];
  let average = 0;
  let least = Infinity;
  let diverged = false;
  const rateAt = (step: number) => from * (to / from) ** (step / (steps - 1));
  return {
    next: () => (diverged || points.length >= steps ? null : rateAt(points.length)),
    take(loss) {
      const count = points.length;
      average = MOMENTUM * average + (1 - MOMENTUM) * loss;
      const smoothed = average / (1 - MOMENTUM ** (count + 1));
      diverged = !Number.isFinite(loss) || (count >= SETTLING && smoothed > RUNAWAY * least);
      least = Math.min(least, smoothed);
      points.push({ rate: rateAt(count), loss, smoothed });
    },
    curve: () => ({ points: [...points], ...judge(points), diverged }),
  };
}

function judge(points: readonly TriedRate[]): Pick<RateCurve, 'suggestion' | 'least'> {
  const known = points.filter(({ smoothed }) => Number.isFinite(smoothed));
  let lowest = 0;
  known.forEach(({ smoothed }, i) => {
    if (smoothed < known[lowest]!.smoothed) lowest = i;
  });
  let steepest: number | null = null;
  let slope = 0;
  // Rates grow by a constant factor, so equal distances on the axis are equal steps.
  for (let i = SETTLING; i < lowest; i++) {
    const fall = (known[i - 1]!.smoothed - known[i + 1]!.smoothed) / 2;
    if (fall > slope) [slope, steepest] = [fall, i];
  }
  return {
    suggestion: steepest === null ? null : known[steepest]!.rate,
    least: known[lowest]?.rate ?? null,
  };
}
