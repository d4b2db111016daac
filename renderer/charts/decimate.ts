import type { Columns } from './axis.ts';
import type { Series } from './series.ts';

/** A point as Chart.js takes it without parsing. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * Draws many values with few points and hides no spike: of each column of the screen the smallest
 * and the largest value stay, in the order in which they occur. A column with values that are not
 * finite also breaks the line, by a point whose y is NaN. The value at index `i` belongs to step `i + 1`.
 */
export function spikes(
  series: Series,
  { start, ends }: Columns,
  place: (step: number) => number,
): Point[] {
  const points: Point[] = [];
  const { values } = series;
  let from = start;
  for (const end of ends) {
    if (end > from) {
      const { low, high, broken } = series.extremes(from, end);
      if (low >= 0) {
        const first = Math.min(low, high);
        const second = Math.max(low, high);
        points.push({ x: place(first + 1), y: values[first]! });
        if (second > first) points.push({ x: place(second + 1), y: values[second]! });
      }
      if (broken >= 0) points.push({ x: place(broken + 1), y: NaN });
      from = end;
    }
  }
  return points;
}

/** The newest value of each column: enough for a smoothed curve. */
export function lasts(
  series: Series,
  { start, ends }: Columns,
  place: (step: number) => number,
): Point[] {
  const points: Point[] = [];
  const { values } = series;
  let from = start;
  for (const end of ends) {
    if (end > from) points.push({ x: place(end), y: values[end - 1]! });
    from = Math.max(from, end);
  }
  return points;
}
