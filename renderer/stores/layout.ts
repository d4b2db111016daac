import { customRef, type Ref } from 'vue';
import { remember, remembered } from './storage.ts';

/** The size of a pane in px within its limits, remembered on this machine. */
export function usePaneSize(
  name: string,
  standard: number,
  smallest: number,
  largest: number,
): Ref<number> {
  const key = `pane:${name}`;
  const clamp = (size: number) => Math.round(Math.min(largest, Math.max(smallest, size)));
  const before = remembered(key);
  let size = clamp(typeof before === 'number' && Number.isFinite(before) ? before : standard);
  return customRef((track, trigger) => ({
    get: () => (track(), size),
    set(next) {
      size = clamp(next);
      remember(key, size);
      trigger();
    },
  }));
}

/** A plain setting of the window, remembered on this machine. */
export function useRemembered(name: string, standard: boolean): Ref<boolean> {
  const key = `layout:${name}`;
  const before = remembered(key);
  let value = typeof before === 'boolean' ? before : standard;
  return customRef((track, trigger) => ({
    get: () => (track(), value),
    set(next) {
      value = next;
      remember(key, value);
      trigger();
    },
  }));
}
