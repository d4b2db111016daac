import type { RunEvent } from '../../shared/api/events.ts';

export type EventCallback = (events: readonly RunEvent[]) => void;

export interface FeedOptions {
  /** Number of the last event that is known already. */
  readonly after?: number;
  /** Stored events could not be read; it is tried again at the next connection. */
  readonly onError?: (error: unknown) => void;
}

interface Follower {
  readonly callback: EventCallback;
  readonly onError?: ((error: unknown) => void) | undefined;
  last: number;
  /** Live events that wait until the stored ones before them are here; null when nothing is missing. */
  waiting: RunEvent[] | null;
}

/**
 * Joins stored and live events of runs, so that each follower gets every event exactly once and in order: events are
 * numbered without gaps, and a gap (at the start, after a lost connection) is filled from storage. `read` gives the
 * stored events after a number, in parts if it likes; nothing when there are no more.
 */
export function createEventFeed(read: (id: string, after: number) => Promise<RunEvent[]>) {
  const followers = new Map<string, Set<Follower>>();

  function receive(id: string, events: readonly RunEvent[]): void {
    for (const follower of followers.get(id) ?? []) take(id, follower, events);
  }

  function take(id: string, follower: Follower, events: readonly RunEvent[]): void {
    if (follower.waiting) {
      follower.waiting.push(...events);
      return;
    }
    const news = events.filter((event) => event.seq > follower.last);
    const gap = news.findIndex((event, i) => event.seq !== follower.last + 1 + i);
    deliver(follower, gap < 0 ? news : news.slice(0, gap));
    if (gap < 0) return;
    follower.waiting = news.slice(gap);
    void fill(id, follower);
  }

  function deliver(follower: Follower, news: readonly RunEvent[]): void {
    if (news.length === 0) return;
    follower.last = news.at(-1)!.seq;
    follower.callback(news);
  }

  async function fill(id: string, follower: Follower): Promise<void> {
    try {
      let found = 0;
      for (let more = true; more;) {
        const stored = await read(id, follower.last);
        if (!followers.get(id)?.has(follower)) return;
        deliver(
          follower,
          stored.filter((event) => event.seq > follower.last),
        );
        found += stored.length;
        const first = follower.waiting?.[0];
        more = stored.length > 0 && !(first && first.seq <= follower.last + 1);
      }
      const waiting = follower.waiting ?? [];
      follower.waiting = null;
      // What is told and not stored (a full disk) is no reason to ask for ever.
      if (found > 0) take(id, follower, waiting);
      else
        deliver(
          follower,
          waiting.filter((event) => event.seq > follower.last),
        );
    } catch (error) {
      follower.onError?.(error);
    }
  }

  return {
    receive,
    /** Asks storage again for every follower; to be called when a connection is there again. */
    refill(): void {
      for (const [id, group] of followers)
        for (const follower of group) {
          follower.waiting ??= [];
          void fill(id, follower);
        }
    },
    follow(id: string, callback: EventCallback, options: FeedOptions = {}): () => void {
      const follower: Follower = {
        callback,
        onError: options.onError,
        last: options.after ?? 0,
        waiting: [],
      };
      const group = followers.get(id) ?? new Set();
      followers.set(id, group.add(follower));
      void fill(id, follower);
      return () => {
        group.delete(follower);
        if (group.size === 0) followers.delete(id);
      };
    },
  };
}
