/** Tells each listener, once, that something has closed; one that comes later is told at once. */
export function onceClosed() {
  const listeners: (() => void)[] = [];
  let closed = false;
  return {
    add(listener: () => void): void {
      if (closed) listener();
      else listeners.push(listener);
    },
    close(): void {
      if (closed) return;
      closed = true;
      listeners.splice(0).forEach((listener) => listener());
    },
  };
}
