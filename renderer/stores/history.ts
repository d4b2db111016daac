import { computed, shallowRef } from 'vue';

const LONGEST = 500;

/** A value that is replaced, never changed, and whose former values can come back. */
export function createHistory<T>() {
  const value = shallowRef<T | null>(null);
  const past = shallowRef<readonly T[]>([]);
  const future = shallowRef<readonly T[]>([]);

  return {
    value,
    canUndo: computed(() => past.value.length > 0),
    canRedo: computed(() => future.value.length > 0),
    /** Starts over with this value. */
    reset(next: T): void {
      value.value = next;
      past.value = [];
      future.value = [];
    },
    /** A new value; the same object again is no step. */
    push(next: T): void {
      if (next === value.value) return;
      if (value.value !== null) past.value = [...past.value, value.value].slice(-LONGEST);
      value.value = next;
      future.value = [];
    },
    undo(): void {
      const before = past.value.at(-1);
      if (before === undefined || value.value === null) return;
      future.value = [value.value, ...future.value];
      past.value = past.value.slice(0, -1);
      value.value = before;
    },
    redo(): void {
      const [after, ...rest] = future.value;
      if (after === undefined || value.value === null) return;
      past.value = [...past.value, value.value];
      future.value = rest;
      value.value = after;
    },
  };
}
