/** A connection between two items of a graph, by their indices. */
export interface Link {
  readonly from: number;
  readonly to: number;
}

/**
 * The rank of each item: sources stand in 0, everything else one behind the last of what it needs. Links that close
 * a cycle are left out. Takes time linear in the graph.
 */
export function rankItems(count: number, links: readonly Link[]): number[] {
  const next: number[][] = Array.from({ length: count }, () => []);
  const needs = new Array<number>(count).fill(0);
  for (const { from, to } of withoutCycles(count, links)) {
    next[from]!.push(to);
    needs[to]! += 1;
  }
  const ranks = new Array<number>(count).fill(0);
  const ready = needs.flatMap((need, item) => (need === 0 ? [item] : []));
  for (let item = ready.pop(); item !== undefined; item = ready.pop()) {
    for (const to of next[item]!) {
      ranks[to] = Math.max(ranks[to]!, ranks[item]! + 1);
      needs[to]! -= 1;
      if (needs[to] === 0) ready.push(to);
    }
  }
  return ranks;
}

/** The links without those that lead back to an item on the way to them. */
function withoutCycles(count: number, links: readonly Link[]): Link[] {
  const next: Link[][] = Array.from({ length: count }, () => []);
  for (const link of links) next[link.from]!.push(link);
  const state = new Array<'new' | 'open' | 'done'>(count).fill('new');
  const kept: Link[] = [];
  for (let start = 0; start < count; start++) {
    if (state[start] !== 'new') continue;
    const stack = [{ item: start, at: 0 }];
    state[start] = 'open';
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const link = next[top.item]![top.at++];
      if (!link) {
        state[top.item] = 'done';
        stack.pop();
      } else if (state[link.to] !== 'open') {
        kept.push(link);
        if (state[link.to] === 'new') {
          state[link.to] = 'open';
          stack.push({ item: link.to, at: 0 });
        }
      }
    }
  }
  return kept;
}
