import { shallowRef, type ShallowRef } from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import type { SampleInfo, SamplePage } from '../../shared/api/data.ts';

/** Samples on a page. */
export const PAGE = 64;

/** Pages that are kept with their pictures. */
const KEPT = 40;

/** Requests that are under way at once. */
const LANES = 2;

/** A page whose pictures are decoded and can be drawn at once. */
export interface LoadedPage {
  readonly samples: readonly SampleInfo[];
  /** Address of the picture in which the samples stand side by side; null without images. */
  readonly url: string | null;
  /** Of the whole picture, in px. */
  readonly width: number;
  readonly height: number;
}

/** The samples of a grid, page by page as they come into sight. */
export interface SamplePages {
  /** How many samples there are; null before the first page. */
  readonly total: Readonly<ShallowRef<number | null>>;
  readonly pages: Readonly<ShallowRef<ReadonlyMap<number, LoadedPage>>>;
  readonly problem: Readonly<ShallowRef<string | null>>;
  /** Loads the pages from `first` to `last`, those that were asked for last before others; lets go of far ones. */
  want(first: number, last: number): void;
  /** Lets go of all pictures. */
  close(): void;
}

/** Loads pages of samples with `load`, which is given the first sample's place and how many there are at most. */
export function createSamplePages(
  load: (from: number, count: number) => Promise<SamplePage>,
): SamplePages {
  const total = shallowRef<number | null>(null);
  const pages = shallowRef<ReadonlyMap<number, LoadedPage>>(new Map());
  const problem = shallowRef<string | null>(null);
  const underway = new Set<number>();
  let wanted: readonly [first: number, last: number] = [0, 0];
  let closed = false;

  function missing(): number | undefined {
    const [first, last] = wanted;
    const end = total.value === null ? 0 : Math.ceil(total.value / PAGE) - 1;
    // What is in sight, then a page on either side.
    const order = [
      ...Array.from({ length: Math.min(last, end) - first + 1 }, (_, i) => first + i),
      last + 1,
      first - 1,
    ];
    return order.find(
      (page) => page >= 0 && page <= end && !pages.value.has(page) && !underway.has(page),
    );
  }

  function letGo(next: Map<number, LoadedPage>): void {
    const middle = (wanted[0] + wanted[1]) / 2;
    const far = [...next.keys()].sort((a, b) => Math.abs(b - middle) - Math.abs(a - middle));
    for (const page of far.slice(0, Math.max(0, next.size - KEPT))) {
      releasePage(next.get(page)!);
      next.delete(page);
    }
  }

  async function work(): Promise<void> {
    const page = missing();
    if (page === undefined || underway.size >= LANES || closed || problem.value) return;
    underway.add(page);
    try {
      const found = await load(page * PAGE, PAGE);
      const loaded = await decodePage(found);
      if (closed) return releasePage(loaded);
      total.value = found.total;
      const next = new Map(pages.value).set(page, loaded);
      letGo(next);
      pages.value = next;
    } catch (error) {
      if (!closed) problem.value = messageOf(error);
    } finally {
      underway.delete(page);
      void work();
    }
  }

  return {
    total,
    pages,
    problem,
    want(first, last) {
      wanted = [first, last];
      for (let lane = 0; lane < LANES; lane++) void work();
    },
    close() {
      closed = true;
      pages.value.forEach(releasePage);
    },
  };
}

/** Decodes a page's picture before it is shown, so that scrolling never waits for it. */
export async function decodePage({ samples, pictures }: SamplePage): Promise<LoadedPage> {
  if (!pictures) return { samples, url: null, width: 0, height: 0 };
  const blob = new Blob([pictures as Uint8Array<ArrayBuffer>], { type: 'image/png' });
  const url = URL.createObjectURL(blob);
  const image = new Image();
  image.src = url;
  await image.decode();
  return { samples, url, width: image.naturalWidth, height: image.naturalHeight };
}

/** Lets go of a page's picture. */
export function releasePage({ url }: LoadedPage): void {
  if (url !== null) URL.revokeObjectURL(url);
}
