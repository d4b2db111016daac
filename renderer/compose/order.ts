import type { Link } from './ranks.ts';

/**
 * Orders the items of each rank so that few links cross: sweeps over the ranks that sort by the mean position of the
 * neighbours, keeping the best order met. Links join neighbouring ranks only.
 */
export function orderRanks(
  ranks: readonly (readonly number[])[],
  links: readonly Link[],
): number[][] {
  const before = new Map<number, number[]>();
  const after = new Map<number, number[]>();
  for (const { from, to } of links) {
    (before.get(to) ?? before.set(to, []).get(to)!).push(from);
    (after.get(from) ?? after.set(from, []).get(from)!).push(to);
  }
  let order = ranks.map((rank) => [...rank]);
  let best = order;
  let fewest = crossings(order, after);
  for (let sweep = 0; sweep < 8 && fewest > 0; sweep++) {
    order = order.map((rank) => [...rank]);
    const down = sweep % 2 === 0;
    const neighbours = down ? before : after;
    for (let i = 1; i < order.length; i++) {
      const at = down ? i : order.length - 1 - i;
      sortByNeighbours(order[at]!, order[down ? at - 1 : at + 1]!, neighbours);
    }
    const count = crossings(order, after);
    if (count < fewest) [best, fewest] = [order, count];
  }
  return best;
}

function sortByNeighbours(
  rank: number[],
  fixed: readonly number[],
  neighbours: ReadonlyMap<number, readonly number[]>,
): void {
  const position = new Map(fixed.map((item, i) => [item, i]));
  const centre = new Map(
    rank.map((item, i) => {
      const near = (neighbours.get(item) ?? []).map((one) => position.get(one)!);
      const mean = near.reduce((sum, one) => sum + one, 0) / near.length;
      return [item, near.length === 0 ? (i / rank.length) * fixed.length : mean];
    }),
  );
  rank.sort((a, b) => centre.get(a)! - centre.get(b)!);
}

/** How many pairs of links cross. */
function crossings(
  order: readonly (readonly number[])[],
  after: ReadonlyMap<number, readonly number[]>,
): number {
  let count = 0;
  for (let i = 0; i + 1 < order.length; i++) {
    const position = new Map(order[i + 1]!.map((item, at) => [item, at]));
    const ends = order[i]!.flatMap((item) =>
      (after.get(item) ?? []).map((to) => position.get(to)!).sort((a, b) => a - b),
    );
    for (let a = 0; a < ends.length; a++)
      for (let b = a + 1; b < ends.length; b++) if (ends[a]! > ends[b]!) count += 1;
  }
  return count;
}
