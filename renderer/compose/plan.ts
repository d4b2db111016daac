import type { Frame } from './frame.ts';
import { nothing, type Item, type Wire } from './items.ts';
import { orderRanks } from './order.ts';
import { sizes } from './picture.ts';
import { placeAcross } from './place.ts';
import { assignTracks } from './tracks.ts';

/** A piece of one or more wires, from a rank to the next. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** The tensor that it carries. */
  readonly source: string;
  /** Where it meets its items, across the flow, from the item's start. */
  readonly fromAnchor: number;
  toAnchor: number;
  /** Where it bends in the gap between the ranks; -1 when it runs straight. */
  track: number;
}

/** Where the items of a model stand, along and across its flow, from 0. */
export interface Plan {
  readonly items: readonly Item[];
  readonly order: readonly (readonly number[])[];
  readonly rankOf: readonly number[];
  readonly along: readonly number[];
  readonly across: readonly number[];
  readonly rankStart: readonly number[];
  readonly rankEnd: readonly number[];
  readonly tracks: readonly number[];
  /** The stretches of each wire, in the order of `wires`. */
  readonly routes: readonly (readonly Stretch[])[];
  readonly length: number;
  readonly breadth: number;
}

/** Puts items into ranks along the flow, sorts and places them across it, and leads long wires around what is between. */
export function planItems(
  given: readonly Item[],
  wires: readonly Wire[],
  ranks: readonly number[],
  frame: Frame,
  /** Room for what stands beside a wire, by its position. */
  labelWidth: (wire: number) => number,
): Plan {
  const items = [...given];
  const rankOf = [...ranks];
  const { routes, stretches } = bendLongWires(items, wires, rankOf, frame);
  const inRanks: number[][] = Array.from({ length: Math.max(-1, ...rankOf) + 1 }, () => []);
  rankOf.forEach((rank, item) => inRanks[rank]!.push(item));
  const order = orderRanks(inRanks, stretches);
  spreadAnchors(items, order, stretches, frame);
  const across = placeAcross(
    order,
    items.map((item) => ({ size: frame.breadth(item), bend: item === nothing })),
    stretches.map((stretch) => ({ ...stretch, flush: isFlush(items, stretch, frame) })),
    sizes.gap,
  );

  const gaps = inRanks.map((_, rank) => {
    const here = stretches.filter(({ from }) => rankOf[from] === rank);
    const { tracks, count } = assignTracks(
      here.map(({ from, to, fromAnchor, toAnchor, source }) => ({
        from: across[from]! + fromAnchor,
        to: across[to]! + toAnchor,
        source,
      })),
    );
    here.forEach((stretch, i) => (stretch.track = tracks[i]!));
    const widest = Math.max(
      0,
      ...wires.map((wire, i) => (rankOf[wire.from] === rank ? labelWidth(i) : 0)),
    );
    const bends = count * sizes.track;
    const size =
      frame.flow === 'right'
        ? Math.max(32, widest + 20 + bends)
        : Math.max(sizes.rankGap, count > 0 ? bends + 24 : 0);
    return { size, tracks: count };
  });

  const rankStart: number[] = [];
  const rankEnd: number[] = [];
  let end = 0;
  order.forEach((rank, r) => {
    const start = r === 0 ? 0 : end + gaps[r - 1]!.size;
    end = start + Math.max(0, ...rank.map((item) => frame.length(items[item]!)));
    rankStart.push(start);
    rankEnd.push(end);
  });
  const along = items.map((item, i) => {
    const [start, stop] = [rankStart[rankOf[i]!]!, rankEnd[rankOf[i]!]!];
    return item === nothing ? start : start + (stop - start - frame.length(item)) / 2;
  });
  const breadth = Math.max(0, ...items.map((item, i) => across[i]! + frame.breadth(item)));
  const tracks = gaps.map((gap) => gap.tracks);
  return {
    items,
    order,
    rankOf,
    along,
    across,
    rankStart,
    rankEnd,
    tracks,
    routes,
    length: end,
    breadth,
  };
}

/** Cuts wires into stretches from rank to rank, with bends as items of their own; wires of one tensor share them. */
function bendLongWires(items: Item[], wires: readonly Wire[], rankOf: number[], frame: Frame) {
  const stretches: Stretch[] = [];
  const bends = new Map<string, { item: number; stretch: Stretch }[]>();
  const add = (from: number, to: number, source: string, fromAnchor: number, toAnchor: number) => {
    const stretch = { from, to, source, fromAnchor, toAnchor, track: -1 };
    stretches.push(stretch);
    return stretch;
  };
  const routes = wires.map((wire) => {
    const [first, last] = [rankOf[wire.from]!, rankOf[wire.to]!];
    if (last <= first) return [];
    const source = `${wire.from}:${wire.output}`;
    const known = bends.get(source) ?? [];
    bends.set(source, known);
    const before = () => known.at(-1)?.item ?? wire.from;
    while (known.length < last - first - 1) {
      const from = before();
      const item = items.push(nothing) - 1;
      rankOf.push(first + known.length + 1);
      const anchor = known.length === 0 ? outAnchor(items[wire.from]!, wire, frame) : 0;
      known.push({ item, stretch: add(from, item, source, anchor, 0) });
    }
    const passed = known.slice(0, last - first - 1);
    const from = passed.at(-1)?.item ?? wire.from;
    const fromAnchor = passed.length > 0 ? 0 : outAnchor(items[wire.from]!, wire, frame);
    const end = add(from, wire.to, source, fromAnchor, inAnchor(items[wire.to]!, wire, frame));
    return [...passed.map(({ stretch }) => stretch), end];
  });
  return { routes, stretches };
}

function outAnchor(item: Item, { output }: Wire, frame: Frame): number {
  const port = item.panel?.outPorts[output];
  return port ? frame.across(port) : frame.breadth(item) / 2;
}

function inAnchor(item: Item, { arg }: Wire, frame: Frame): number {
  const port = item.panel?.inPorts[arg];
  return port ? frame.across(port) : frame.breadth(item) / 2;
}

/** Where several wires meet one box, they end beside each other, in the order in which they come. */
function spreadAnchors(
  items: readonly Item[],
  order: readonly (readonly number[])[],
  stretches: readonly Stretch[],
  frame: Frame,
): void {
  const position = new Map(order.flatMap((rank) => rank.map((item, i) => [item, i] as const)));
  const ends = new Map<number, Stretch[]>();
  for (const stretch of stretches) ends.set(stretch.to, [...(ends.get(stretch.to) ?? []), stretch]);
  for (const [to, coming] of ends) {
    const item = items[to]!;
    if (coming.length < 2 || item.panel || item === nothing) continue;
    coming.sort((a, b) => position.get(a.from)! - position.get(b.from)!);
    // One that comes straight from a box keeps the middle, so that a chain stays straight beside its shortcuts.
    const direct = coming.findIndex(({ from }) => items[from] !== nothing);
    const middle = direct < 0 ? (coming.length - 1) / 2 : direct;
    const breadth = frame.breadth(item);
    const most = Math.max(middle, coming.length - 1 - middle);
    const step = Math.min(frame.flow === 'right' ? 10 : 20, (breadth / 2 - 6) / most);
    coming.forEach((stretch, i) => (stretch.toAnchor = breadth / 2 + (i - middle) * step));
  }
}

/** Open models whose inside runs across this flow stand flush: their ports lie at opposite ends. */
function isFlush(items: readonly Item[], { from, to }: Stretch, frame: Frame): boolean {
  const panels = [items[from]!.panel, items[to]!.panel];
  return panels.every((panel) => panel && panel.flow !== frame.flow);
}
