/** Round places between `min` and `max`, at most about `most` of them: 1, 2 or 5 times a power of ten apart, whole. */
export function countTicks(min: number, max: number, most: number): number[] {
  return every(niceStep((max - min) / Math.max(1, most), 1), min, max);
}

/** The same for what is looked at closely enough to count in parts. */
export function partTicks(min: number, max: number, most: number): number[] {
  return max - min < 4 ? linearTicks(min, max, most) : countTicks(min, max, most);
}

const timeSteps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600];

/** Round seconds between `min` and `max`. */
export function timeTicks(min: number, max: number, most: number): number[] {
  const wanted = (max - min) / Math.max(1, most);
  if (wanted < 0.5) return linearTicks(min, max, most);
  return every(
    timeSteps.find((step) => step >= wanted) ?? niceStep(wanted / 86400, 1) * 86400,
    min,
    max,
  );
}

/** Round values between `min` and `max` of a linear axis. */
export function linearTicks(min: number, max: number, most: number): number[] {
  return every(niceStep((max - min) / Math.max(1, most), 0), min, max);
}

/**
 * Values 1, 2 and 5 times a power of ten, or fewer of them where these are too many; round values
 * where the range holds too few.
 */
export function logTicks(min: number, max: number, most: number): number[] {
  if (powerTicks(min, max, [1, 2, 5]).length < 3) return linearTicks(min, max, Math.min(most, 5));
  for (const factors of [
    [1, 2, 5],
    [1, 3],
  ]) {
    const ticks = powerTicks(min, max, factors);
    if (ticks.length <= most) return ticks;
  }
  const powers = powerTicks(min, max, [1]);
  const keep = Math.ceil(powers.length / most);
  return powers.filter((_, i) => i % keep === 0);
}

/** All of these factors times powers of ten between two values. */
function powerTicks(min: number, max: number, factors: readonly number[]): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(min)); 10 ** power <= max; power++) {
    for (const factor of factors) ticks.push(Number((factor * 10 ** power).toPrecision(1)));
  }
  return ticks.filter((tick) => tick >= min && tick <= max);
}

function every(step: number, min: number, max: number): number[] {
  const ticks: number[] = [];
  for (let i = Math.ceil(min / step - 1e-9) + 0; i * step <= max * (1 + 1e-9); i++)
    ticks.push(i * step);
  return ticks;
}

function niceStep(wanted: number, least: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(wanted, Number.MIN_VALUE)));
  const step = ([1, 2, 5].find((factor) => factor * power >= wanted * (1 - 1e-9)) ?? 10) * power;
  return Math.max(least, step);
}
