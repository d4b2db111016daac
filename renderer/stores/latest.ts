/** What a loader reads, and whom it tells. */
interface Source<K, T> {
  load(key: K): Promise<T>;
  /** Called with each thing that was wanted when it came; never for one that is no longer wanted. */
  show(key: K, thing: T): void;
  fail(key: K, error: unknown): void;
}

/** Loads what is wanted now, one thing at a time. */
export interface LatestLoader<K> {
  /** Wants this from now on, and, when there is time, what may be wanted next. */
  want(key: K, next?: readonly K[]): void;
  /** Forgets all that was loaded and whatever is on its way. */
  close(): void;
}

/**
 * Loads things for somebody who changes his mind faster than things come: a request is under way at
 * most once, the wish that stands when it ends is served next, and wishes in between are skipped.
 * The last `capacity` things stay.
 */
export function latestLoader<K, T>(source: Source<K, T>, capacity: number): LatestLoader<K> {
  const kept = new Map<K, T>();
  const failed = new Set<K>();
  let wanted: { readonly key: K } | null = null;
  let ahead: readonly K[] = [];
  let busy = false;
  let closed = false;

  function keep(key: K, thing: T): void {
    kept.delete(key);
    kept.set(key, thing);
    if (kept.size > capacity) kept.delete(kept.keys().next().value!);
  }

  /** What to load next: the wish itself before what may follow. */
  function missing(): K | undefined {
    const candidates = wanted ? [wanted.key, ...ahead] : [];
    return candidates.find((key) => !kept.has(key) && !failed.has(key));
  }

  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    for (let key = missing(); key !== undefined; key = missing()) {
      try {
        const thing = await source.load(key);
        if (closed) return;
        keep(key, thing);
        if (wanted?.key === key) source.show(key, thing);
      } catch (error) {
        if (closed) return;
        failed.add(key);
        if (wanted?.key === key) source.fail(key, error);
      }
    }
    busy = false;
  }

  return {
    want(key, next = []) {
      wanted = { key };
      // Something new to fetch must not push out what it is wanted with.
      ahead = next.slice(0, capacity - 1);
      failed.clear();
      const thing = kept.get(key);
      if (thing !== undefined) {
        keep(key, thing);
        source.show(key, thing);
      }
      void work();
    },
    close() {
      closed = true;
      kept.clear();
    },
  };
}
