/** A point as Chart.js takes it without parsing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws many values with few points and hides no spike: of each column of the screen the smallest
 * and the largest value stay, in the order in which they occur. A column with values that are not
 * finite also breaks the line, by a point whose y is NaN.
 *
 * `values[i]` belongs to step `i + 1`; `ends` comes from `columnEnds`.
 */
export function spikes(
  values: Float64Array,
  ends: Uint32Array,
  place: (step: number) => number,
): Point[] {
  const points: Point[] = [];
  let start = 0;
  for (const end of ends) {
    let low = -1;
    let high = -1;
    let broken = -1;
    for (let i = start; i < end; i++) {
      const value = values[i]!;
      if (!Number.isFinite(value)) broken = i;
      else {
        if (low < 0 || value < values[low]!) low = i;
        if (high < 0 || value > values[high]!) high = i;
      }
    }
    if (low >= 0) {
      const first = Math.min(low, high);
      const second = Math.max(low, high);
      points.push({ x: place(first + 1), y: values[first]! });
      if (second > first) points.push({ x: place(second + 1), y: values[second]! });
    }
    if (broken >= 0) points.push({ x: place(broken + 1), y: NaN });
    start = end;
  }
  return points;
}

/** The newest value of each column: enough for a smoothed curve. */
export function lasts(
  values: Float64Array,
  ends: Uint32Array,
  place: (step: number) => number,
): Point[] {
  const points: Point[] = [];
  let start = 0;
  for (const end of ends) {
    if (end > start) points.push({ x: place(end), y: values[end - 1]! });
    start = end;
  }
  return points;
}
