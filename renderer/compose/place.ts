import type { Link } from './ranks.ts';

/** A link between items of neighbouring ranks, and where along their sides it ends. */
export interface AnchoredLink extends Link {
  readonly fromAnchor: number;
  readonly toAnchor: number;
  /** Rather than running straight, the link's two items stand flush at their start. */
  readonly flush: boolean;
}

export interface Placed {
  /** Size across the flow; 0 for the bend of a long link. */
  readonly size: number;
  readonly bend: boolean;
}

const PASSES = 12;

/**
 * Where each item starts across the flow, from 0: items of a rank keep their order and a gap, and as many links as
 * possible run straight. Items joined by straight links form blocks; blocks are packed, then drawn to what they are
 * linked with.
 */
export function placeAcross(
  order: readonly (readonly number[])[],
  items: readonly Placed[],
  links: readonly AnchoredLink[],
  gap: number,
): number[] {
  const { block, offset } = alignBlocks(order, items, links);
  const apart = separations(order, items, block, offset, gap);
  const at = pack(items.length, apart);
  const neighbours = neighboursOf(items.length, apart);
  for (let pass = 0; pass < PASSES; pass++)
    settle(at, block, offset, links, neighbours, pass % 2 === 0);
  const starts = items.map((_, i) => at[block[i]!]! + offset[i]!);
  const first = starts.length > 0 ? Math.min(...starts) : 0;
  return starts.map((start) => start - first);
}

interface Blocks {
  /** The block of each item, named by its first item. */
  readonly block: number[];
  /** Where an item starts beside its block. */
  readonly offset: number[];
}

function alignBlocks(
  order: readonly (readonly number[])[],
  items: readonly Placed[],
  links: readonly AnchoredLink[],
): Blocks {
  const block = items.map((_, i) => i);
  const offset = items.map(() => 0);
  const position = new Map(order.flatMap((rank) => rank.map((item, i) => [item, i] as const)));
  const rankOf = new Map(order.flatMap((rank, r) => rank.map((item) => [item, r] as const)));
  const taken = new Set<number>();
  const priority = ({ from, to }: Link) => {
    const bends = Number(items[from]!.bend) + Number(items[to]!.bend);
    return bends === 1 ? 2 : bends === 2 ? 1 : 0;
  };
  const aligned = new Map<number, [number, number][]>();
  const found: AnchoredLink[] = [];
  for (const link of [...links].sort((a, b) => priority(a) - priority(b))) {
    if (taken.has(~link.from) || taken.has(link.to)) continue;
    const rank = rankOf.get(link.to)!;
    const pairs = aligned.get(rank) ?? [];
    const [a, b] = [position.get(link.from)!, position.get(link.to)!];
    if (pairs.some(([x, y]) => (x - a) * (y - b) <= 0)) continue;
    aligned.set(rank, [...pairs, [a, b]]);
    taken.add(~link.from).add(link.to);
    found.push(link);
  }
  for (const link of found.sort((a, b) => rankOf.get(a.to)! - rankOf.get(b.to)!)) {
    block[link.to] = block[link.from]!;
    offset[link.to] = offset[link.from]! + (link.flush ? 0 : link.fromAnchor - link.toAnchor);
  }
  return { block, offset };
}

/** Block `b` starts at least `by` behind block `a`. */
interface Apart {
  readonly a: number;
  readonly b: number;
  readonly by: number;
}

function separations(
  order: readonly (readonly number[])[],
  items: readonly Placed[],
  block: readonly number[],
  offset: readonly number[],
  gap: number,
): Apart[] {
  return order.flatMap((rank) =>
    rank.slice(1).map((item, i) => {
      const left = rank[i]!;
      const by = items[left]!.size + gap + offset[left]! - offset[item]!;
      return { a: block[left]!, b: block[item]!, by };
    }),
  );
}

/** What keeps a block from the blocks before and behind it. */
interface Neighbours {
  readonly before: Apart[];
  readonly behind: Apart[];
}

function neighboursOf(count: number, apart: readonly Apart[]): Neighbours[] {
  const neighbours = Array.from({ length: count }, (): Neighbours => ({ before: [], behind: [] }));
  for (const one of apart) {
    if (one.a === one.b) continue;
    neighbours[one.b]!.before.push(one);
    neighbours[one.a]!.behind.push(one);
  }
  return neighbours;
}

/** The smallest starts that keep everything apart. */
function pack(count: number, apart: readonly Apart[]): number[] {
  const at = new Array<number>(count).fill(0);
  for (let round = 0; round < count; round++) {
    let moved = false;
    for (const { a, b, by } of apart) {
      if (at[b]! >= at[a]! + by) continue;
      at[b] = at[a]! + by;
      moved = true;
    }
    if (!moved) break;
  }
  return at;
}

/** Moves each block towards what it is linked with, as far as its neighbours let it. */
function settle(
  at: number[],
  block: readonly number[],
  offset: readonly number[],
  links: readonly AnchoredLink[],
  neighbours: readonly Neighbours[],
  forward: boolean,
): void {
  const pulls = new Map<number, number[]>();
  const pull = (which: number, by: number) =>
    (pulls.get(which) ?? pulls.set(which, []).get(which)!).push(by);
  for (const { from, to, fromAnchor, toAnchor, flush } of links) {
    const [a, b] = [block[from]!, block[to]!];
    if (a === b) continue;
    const anchors = flush ? 0 : fromAnchor - toAnchor;
    const distance = at[a]! + offset[from]! - (at[b]! + offset[to]!) + anchors;
    pull(b, distance);
    pull(a, -distance);
  }
  const order = [...pulls.keys()].sort((a, b) => (forward ? at[a]! - at[b]! : at[b]! - at[a]!));
  for (const which of order) {
    const wishes = pulls.get(which)!;
    const wish = wishes.reduce((sum, one) => sum + one, 0) / wishes.length;
    let [low, high] = [-Infinity, Infinity];
    for (const { a, by } of neighbours[which]!.before) low = Math.max(low, at[a]! + by);
    for (const { b, by } of neighbours[which]!.behind) high = Math.min(high, at[b]! - by);
    const target = Math.max(low, Math.min(high, at[which]! + wish));
    if (low <= high && Number.isFinite(target)) at[which] = target;
  }
}
