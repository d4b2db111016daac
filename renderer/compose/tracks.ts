/** A link that crosses the gap between two ranks, from one position across the flow to another. */
export interface Crossing {
  readonly from: number;
  readonly to: number;
  /** Crossings of one tensor may lie on one another. */
  readonly source: string;
}

/**
 * Gives each crossing that does not run straight a track of its own in the gap, so that no two lie on one another;
 * -1 for straight ones. Track 0 is nearest to where the links come from.
 */
export function assignTracks(crossings: readonly Crossing[]): { tracks: number[]; count: number } {
  const tracks = crossings.map(() => -1);
  const used: { low: number; high: number; source: string }[][] = [];
  const bent = crossings
    .map((crossing, i) => ({ ...crossing, i }))
    .filter(({ from, to }) => Math.abs(from - to) > 0.5)
    .sort(
      (a, b) => direction(a) - direction(b) || (a.to > a.from ? b.from - a.from : a.from - b.from),
    );
  for (const { from, to, source, i } of bent) {
    const [low, high] = [Math.min(from, to) - 2, Math.max(from, to) + 2];
    let track = used.findIndex((taken) =>
      taken.every((one) => one.source === source || one.high < low || one.low > high),
    );
    if (track < 0) track = used.push([]) - 1;
    used[track]!.push({ low, high, source });
    tracks[i] = track;
  }
  return { tracks, count: used.length };
}

function direction({ from, to }: Crossing): number {
  return to > from ? 0 : 1;
}
