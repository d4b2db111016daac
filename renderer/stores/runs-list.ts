import { computed, onScopeDispose, ref, shallowRef, watch, type ComputedRef, type Ref } from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { RunState } from '../../shared/api/events.ts';
import { filterRuns, sortRuns, type RunOrder } from '../../shared/api/find-runs.ts';
import { MOST_COMPARED, UNDO_MS } from '../../shared/api/runs.ts';
import type { DroppedFile } from '../data/dropped.ts';
import { useFileAccess } from '../data/file-access.ts';
import { upload } from '../data/upload.ts';
import { useProject } from './project.ts';
import { remember, remembered } from './storage.ts';
import { useStudio } from './studio.ts';

/** Which runs the list shows, and in which order; it stays while the window is open. */
const text = ref('');
const states = shallowRef<readonly RunState[]>([]);
const tags = shallowRef<readonly string[]>([]);
const order = shallowRef<{ readonly by: RunOrder; readonly descending: boolean }>({
  by: 'run',
  descending: true,
});
/** Runs that are compared, in the order in which they were chosen. */
const chosen = shallowRef<readonly string[]>([]);

/** What was done to the list last, and can be undone or is told. */
export type ListNews =
  | { readonly kind: 'deleted'; readonly ids: readonly string[] }
  | { readonly kind: 'zipped'; readonly file: string; readonly bytes: number }
  | { readonly kind: 'imported'; readonly number: number }
  | { readonly kind: 'failed'; readonly message: string };

const news = shallowRef<ListNews | null>(null);
let timer: ReturnType<typeof setTimeout> | undefined;

function tell(next: ListNews | null): void {
  clearTimeout(timer);
  news.value = next;
  // As long as it can be undone.
  if (next?.kind === 'deleted') timer = setTimeout(() => (news.value = null), UNDO_MS - 2000);
}

/** The list of runs: what of it is shown, what is chosen, and what can be done. */
export interface RunsList {
  readonly text: Ref<string>;
  readonly states: Ref<readonly RunState[]>;
  readonly tags: Ref<readonly string[]>;
  readonly order: Ref<{ readonly by: RunOrder; readonly descending: boolean }>;
  /** Those that the filter leaves, sorted. */
  readonly shown: ComputedRef<readonly RunSummary[]>;
  /** Tags and states that runs have. */
  readonly knownTags: ComputedRef<readonly string[]>;
  readonly knownStates: ComputedRef<readonly RunState[]>;
  readonly chosen: ComputedRef<readonly RunSummary[]>;
  readonly full: ComputedRef<boolean>;
  readonly news: Readonly<Ref<ListNews | null>>;
  choose(id: string, on: boolean): void;
  chooseNone(): void;
  /** Sorts by a column; by the same one again, the other way round. */
  sort(by: RunOrder): void;
  remove(ids: readonly string[]): Promise<void>;
  undo(): Promise<void>;
  label(id: string, label: { tags: readonly string[]; note: string }): Promise<void>;
  zip(id: string): Promise<void>;
  /** Whether the browser can save a run: the desktop app writes it instead. */
  readonly downloads: ComputedRef<boolean>;
  download(id: string): Promise<void>;
  /** Takes a run in by its path on the service's machine. False, with the reason in the news, when it can't be. */
  bring(path: string): Promise<boolean>;
  /** Takes a run in that the browser sends: a zip, or the files of a folder. */
  send(files: readonly DroppedFile[], signal: AbortSignal): Promise<boolean>;
  dismiss(): void;
}

export function useRunsList(): RunsList {
  const studio = useStudio();
  const project = useProject();
  const access = useFileAccess();
  const all = computed(() => [...studio.runs.value.values()]);
  const key = () => `runs-chosen:${project.folder.value}`;
  if (chosen.value.length === 0) {
    const before = remembered(key());
    if (Array.isArray(before)) chosen.value = before.filter((id) => typeof id === 'string');
  }
  onScopeDispose(watch(chosen, (ids) => remember(key(), ids)));

  /** Does something, and tells why it failed. */
  async function attempt(work: () => Promise<void>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      tell({ kind: 'failed', message: messageOf(error) });
      return false;
    }
  }

  const known = computed(() => chosen.value.filter((id) => studio.runs.value.has(id)));
  return {
    text,
    states,
    tags,
    order,
    news,
    shown: computed(() => {
      const filter = {
        text: text.value,
        states: states.value.length > 0 ? states.value : null,
        tags: tags.value,
      };
      return sortRuns(filterRuns(all.value, filter), order.value.by, order.value.descending);
    }),
    knownTags: computed(() => [...new Set(all.value.flatMap((run) => run.tags ?? []))].sort()),
    knownStates: computed(() => [...new Set(all.value.map(({ state }) => state))]),
    chosen: computed(() => known.value.map((id) => studio.runs.value.get(id)!)),
    full: computed(() => known.value.length >= MOST_COMPARED),
    choose(id, on) {
      const others = known.value.filter((one) => one !== id);
      chosen.value = on ? [...others, id].slice(-MOST_COMPARED) : others;
    },
    chooseNone: () => void (chosen.value = []),
    sort(by) {
      const descending = order.value.by === by ? !order.value.descending : by !== 'best';
      order.value = { by, descending };
    },
    async remove(ids) {
      await attempt(async () => {
        await studio.service.deleteRuns({ ids });
        tell({ kind: 'deleted', ids });
      });
    },
    async undo() {
      const last = news.value;
      if (last?.kind !== 'deleted') return;
      tell(null);
      await attempt(() => studio.service.restoreRuns({ ids: last.ids }));
    },
    async label(id, label) {
      await attempt(() => studio.service.labelRun({ id, label }));
    },
    async zip(id) {
      await attempt(async () => {
        tell({ kind: 'zipped', ...(await studio.service.zipRun({ id, file: null })) });
      });
    },
    downloads: computed(() => studio.snapshot.value?.host === 'web'),
    async download(id) {
      await attempt(async () => {
        const { url, name } = await studio.service.downloadRun({ id });
        const link = document.createElement('a');
        link.href = url;
        link.download = name;
        link.click();
      });
    },
    bring: (path) =>
      attempt(async () => {
        const { number } = await studio.service.importRun({ path });
        tell({ kind: 'imported', number });
      }),
    send: (files, signal) =>
      attempt(async () => {
        const { startRunUpload: start, offerRunFiles: offer, importRun } = studio.service;
        const id = await upload({ start, offer }, access, files, () => {}, signal);
        const { number } = await importRun({ upload: id });
        tell({ kind: 'imported', number });
      }),
    dismiss: () => tell(null),
  };
}
