const callbacks = new WeakMap<Element, () => void>();
let observer: ResizeObserver | null = null;

/** Calls back now and whenever the element's size changes; one observer serves all. Returns what ends it. */
export function onResize(element: Element, callback: () => void): () => void {
  observer ??= new ResizeObserver((entries) => {
    for (const { target } of entries) callbacks.get(target)?.();
  });
  callbacks.set(element, callback);
  observer.observe(element);
  return () => observer?.unobserve(element);
}
