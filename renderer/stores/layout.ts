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
