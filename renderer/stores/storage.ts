const PREFIX = 'matryoshka:';

/** A value remembered under this key on this machine; undefined when there is none or storage is off. */
export function remembered(key: string): unknown {
  try {
    const text = localStorage.getItem(PREFIX + key);
    return text === null ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Remembers a plain value on this machine; where storage is off or full it is forgotten with the window. */
export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // The window works the same without it.
  }
}
