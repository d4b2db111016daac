import { Series } from './series.ts';

interface Kept {
  readonly weight: number;
  readonly rewrites: number;
  readonly result: Series;
}

const kept = new WeakMap<Series, Kept>();

/**
 * The exponential moving average of a series with this weight (0 to 1) of the newest number; at the begin it averages
 * over what there is. A number that is not finite leaves it as it was. Only what is new since the last call is computed.
 */
export function smoothed(source: Series, weight: number): Series {
  let now = kept.get(source);
  if (!now || now.weight !== weight || now.rewrites !== source.rewrites) {
    now = { weight, rewrites: source.rewrites, result: new Series() };
    kept.set(source, now);
  }
  const { result } = now;
  const { values } = source;
  for (let i = result.length; i < values.length; i++) {
    const value = values[i]!;
    const before = result.at(i - 1);
    const next = Number.isFinite(value) ? value : before;
    const share = Math.max(weight, 2 / (i + 2));
    result.set(i, Number.isNaN(before) ? next : before + share * (next - before));
  }
  return result;
}

/** The weight that averages over a small part of an epoch of so many steps. */
export function usualWeight(stepsPerEpoch: number | undefined): number {
  const window = Math.min(60, Math.max(8, (stepsPerEpoch ?? 200) / 25));
  return 2 / (window + 1);
}
