import { ref, shallowRef, type Ref, type ShallowRef } from 'vue';
import type { LayerId } from '../../shared/keras/spec.ts';

/** What the layer tree and the canvas share in every place: selection, folding, lighting, filter. */
export interface TreeState {
  /** Path of the selected layer. */
  readonly selected: ShallowRef<string | null>;
  /** The shared layer under the pointer: lit at every path that leads to it. */
  readonly lit: ShallowRef<LayerId | null>;
  readonly filter: Ref<string>;
  /** Path of the layer whose name is being typed. */
  readonly renaming: ShallowRef<string | null>;
  isOpen(path: string): boolean;
  setOpen(path: string, open: boolean): void;
  select(path: string | null): void;
}

const selected = shallowRef<string | null>(null);
const lit = shallowRef<LayerId | null>(null);
const filter = ref('');
const renaming = shallowRef<string | null>(null);
/** Paths that are folded; a model is open until somebody folds it. */
const folded = shallowRef<ReadonlySet<string>>(new Set());

/** The window's one tree state. */
export function useTreeState(): TreeState {
  return {
    selected,
    lit,
    filter,
    renaming,
    isOpen: (path) => !folded.value.has(path),
    setOpen(path, open) {
      const next = new Set(folded.value);
      if (open) next.delete(path);
      else next.add(path);
      folded.value = next;
    },
    select(path) {
      selected.value = path;
      // Whatever holds the selected layer opens, so that it can be seen.
      const parts = path?.split('/') ?? [];
      const above = parts.slice(0, -1).map((_, i) => parts.slice(0, i + 1).join('/'));
      if (above.some((one) => folded.value.has(one)))
        folded.value = new Set([...folded.value].filter((one) => !above.includes(one)));
    },
  };
}
