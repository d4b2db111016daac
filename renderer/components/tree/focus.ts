import { computed, nextTick, ref, shallowRef, type Ref } from 'vue';
import { moveFocus, type TreeRow } from './keys.ts';

/** A tree of rows that keys move through. */
interface FocusedTree<Row extends TreeRow> {
  readonly root: Readonly<Ref<HTMLElement | null>>;
  /** The rows that show, from top to bottom. */
  readonly rows: Readonly<Ref<readonly Row[]>>;
  isOpen(path: string): boolean;
  setOpen(path: string, open: boolean): void;
  choose(path: string): void;
  /** The row that Tab leads to before any had the focus. */
  first?(): string | null;
}

/** The focus of a tree: the row that Tab leads to, and the keys that go on from it. */
export function useTreeFocus<Row extends TreeRow>(tree: FocusedTree<Row>) {
  const focused = shallowRef<string | null>(null);
  const stop = computed(() => {
    const paths = tree.rows.value.map(({ path }) => path);
    const wanted = [focused.value, tree.first?.() ?? null];
    return wanted.find((path) => path !== null && paths.includes(path)) ?? paths[0] ?? null;
  });
  const rowElement = (path: string): HTMLElement | null =>
    tree.root.value?.querySelector(`[data-path="${CSS.escape(path)}"]`) ?? null;

  /** Letters typed one after the other look for a name, until a pause. */
  const typed = ref('');
  let forget: ReturnType<typeof setTimeout> | undefined;

  async function onKey(event: KeyboardEvent): Promise<void> {
    const rows = tree.rows.value;
    const at = rows.findIndex(({ path }) => path === stop.value);
    const row = rows[at];
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === 'Enter' || (event.key === ' ' && typed.value === '')) {
      event.preventDefault();
      tree.choose(row.path);
      return;
    }
    if (event.key.length === 1 && event.key !== '*') {
      clearTimeout(forget);
      forget = setTimeout(() => (typed.value = ''), 600);
      typed.value += event.key.toLowerCase();
    }
    const move = moveFocus(rows, at, event.key, typed.value, tree.isOpen);
    if (!move) return;
    event.preventDefault();
    for (const path of move.open ?? []) tree.setOpen(path, true);
    if (move.close !== undefined) tree.setOpen(move.close, false);
    if (move.to === undefined) return;
    focused.value = move.to;
    await nextTick();
    rowElement(move.to)?.focus();
  }
  return { focused, stop, rowElement, onKey };
}
