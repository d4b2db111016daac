import { shallowRef, type ShallowRef } from 'vue';
import type { SamplePage } from '../../shared/api/data.ts';
import { decodePage, releasePage, type LoadedPage } from './sample-pages.ts';

/** The first samples of classes, as they come into sight. */
export interface ClassSamples {
  readonly pages: Readonly<ShallowRef<ReadonlyMap<number, LoadedPage>>>;
  /** Loads these classes and lets go of most others. */
  want(labels: readonly number[]): void;
  close(): void;
}

/** Classes that are kept. */
const KEPT = 60;

/** Loads the first samples of classes with `load`, one class at a time. */
export function createClassSamples(load: (label: number) => Promise<SamplePage>): ClassSamples {
  const pages = shallowRef<ReadonlyMap<number, LoadedPage>>(new Map());
  const failed = new Set<number>();
  let wanted: readonly number[] = [];
  let busy = false;
  let closed = false;

  async function work(): Promise<void> {
    if (busy) return;
    busy = true;
    const next = () => wanted.find((label) => !pages.value.has(label) && !failed.has(label));
    for (let label = next(); label !== undefined && !closed; label = next()) {
      try {
        const page = await decodePage(await load(label));
        if (closed) releasePage(page);
        else keep(label, page);
      } catch {
        // The row then has its name and its count alone.
        failed.add(label);
      }
    }
    busy = false;
  }

  function keep(label: number, page: LoadedPage): void {
    const next = new Map(pages.value).set(label, page);
    const spare = [...next.keys()].filter((one) => !wanted.includes(one));
    for (const one of spare.slice(0, Math.max(0, next.size - KEPT))) {
      releasePage(next.get(one)!);
      next.delete(one);
    }
    pages.value = next;
  }

  return {
    pages,
    want(labels) {
      wanted = labels;
      void work();
    },
    close() {
      closed = true;
      pages.value.forEach(releasePage);
    },
  };
}
