/** Whether this machine's shortcuts are made with Command instead of Ctrl. */
const mac = /Mac|iPhone|iPad/.test(navigator.platform);

/** A shortcut as it is written on this machine: `mod+Shift+Z` is `Ctrl Shift Z`, on a Mac `⌘⇧Z`. */
export function shortcutText(keys: string): string {
  const names: Record<string, string> = mac
    ? { mod: '⌘', Shift: '⇧', Alt: '⌥', Enter: '↩' }
    : { mod: 'Ctrl' };
  return keys
    .split('+')
    .map((key) => names[key] ?? key)
    .join(mac ? '' : ' ');
}

/** The same for `aria-keyshortcuts`. */
export function shortcutAria(keys: string): string {
  return keys.replace('mod', mac ? 'Meta' : 'Control');
}

/** Whether a key press is this shortcut. Letters and digits count by their key, whatever Alt makes of them. */
export function isShortcut(event: KeyboardEvent, keys: string): boolean {
  const parts = keys.split('+');
  const key = parts.at(-1)!;
  const has = (name: string) => parts.slice(0, -1).includes(name);
  const mod = mac ? event.metaKey : event.ctrlKey;
  const other = mac ? event.ctrlKey : event.metaKey;
  const pressed =
    key.length === 1
      ? event.key.toLowerCase() === key.toLowerCase() ||
        event.code === `Key${key.toUpperCase()}` ||
        event.code === `Digit${key}`
      : event.key === key;
  return (
    pressed &&
    mod === has('mod') &&
    !other &&
    event.shiftKey === has('Shift') &&
    event.altKey === has('Alt')
  );
}
