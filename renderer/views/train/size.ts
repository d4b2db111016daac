import { shallowRef, watch, type ShallowRef } from 'vue';

interface Size {
  readonly width: number;
  readonly height: number;
}

/** The inner size of an element in px, kept up to date; before it is there a square of `assumed`. */
export function useSize(
  element: Readonly<ShallowRef<HTMLElement | null>>,
  assumed: number,
): Readonly<ShallowRef<Size>> {
  const size = shallowRef<Size>({ width: assumed, height: assumed });
  watch(
    element,
    (now, _, onCleanup) => {
      if (!now) return;
      const measure = () => (size.value = { width: now.clientWidth, height: now.clientHeight });
      const observer = new ResizeObserver(measure);
      observer.observe(now);
      measure();
      onCleanup(() => observer.disconnect());
    },
    { immediate: true, flush: 'post' },
  );
  return size;
}
