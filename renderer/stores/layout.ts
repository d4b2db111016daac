import { customRef, shallowRef, type Ref } from 'vue';
import { remember, remembered } from './storage.ts';

const windowWidth = shallowRef(typeof window === 'undefined' ? Infinity : window.innerWidth);
if (typeof window !== 'undefined')
  window.addEventListener('resize', () => (windowWidth.value = window.innerWidth));

/**
 * The size of a pane in px within its limits, remembered on this machine. It never takes more than a share of the
 * window's width, and gets its size back when the window has room again.
 */
export function usePaneSize(
  name: string,
  standard: number,
  smallest: number,
  largest: number,
  share = 1,
): Ref<number> {
  const key = `pane:${name}`;
  const clamp = (size: number) => Math.round(Math.min(largest, Math.max(smallest, size)));
  const before = remembered(key);
  let size = clamp(typeof before === 'number' && Number.isFinite(before) ? before : standard);
  return customRef((track, trigger) => ({
    get: () => (track(), Math.min(size, Math.round(windowWidth.value * share))),
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
