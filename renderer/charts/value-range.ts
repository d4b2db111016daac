import type { View } from './axis.ts';
import type { Curve } from './line-chart.ts';

/** How a vertical axis fits what is drawn: from 0 on, or as closely as it can; logarithmically. */
export type Fit = 'zero' | 'close' | 'log';

/**
 * The range of the vertical axis: all that is drawn in a part of the horizontal one, with some air. On a logarithmic
 * axis it moves in twentieths of a decade and values that are not positive are left out.
 */
export function valueRange(curves: readonly Curve[], view: View, fit: Fit): View {
  let min = Infinity;
  let max = -Infinity;
  for (const { points } of curves) {
    for (const { x, y } of points) {
      if (!Number.isFinite(y) || x < view.min || x > view.max || (fit === 'log' && y <= 0))
        continue;
      if (y < min) min = y;
      if (y > max) max = y;
    }
  }
  if (min > max) return fit === 'log' ? { min: 0.01, max: 1 } : { min: 0, max: 1 };
  if (fit === 'log') {
    const snap = (value: number, round: (n: number) => number) =>
      10 ** (round(Math.log10(value) * 20) / 20);
    return { min: snap(min * 0.93, Math.floor), max: snap(max * 1.07, Math.ceil) };
  }
  const least = fit === 'zero' ? Math.min(0, min) : min;
  const air = (max - least) * 0.05 || Math.abs(max) * 0.05 || 1;
  return { min: least === 0 ? 0 : least - air, max: max + air };
}
