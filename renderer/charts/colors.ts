import { onMounted, onScopeDispose, shallowRef, type ShallowRef } from 'vue';

/** The token of a run's colour: the same for the same run everywhere. */
export function runColor(number: number): string {
  return `--run-${((number - 1) % 6) + 1}`;
}

/** The tokens' colours as the current theme has them, in a form that a canvas takes. */
export function readColors<Name extends string>(
  tokens: Record<Name, string>,
): Record<Name, string> {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const style = getComputedStyle(probe);
  const colors = {} as Record<Name, string>;
  for (const name in tokens) {
    probe.style.color = `var(${tokens[name]})`;
    colors[name] = style.color;
  }
  probe.remove();
  return colors;
}

/** Counts how often the theme has changed: what draws on a canvas reads its colours again then. */
export function useThemeChanges(): Readonly<ShallowRef<number>> {
  const changes = shallowRef(0);
  const changed = () => (changes.value += 1);
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const root = new MutationObserver(changed);
  onMounted(() => {
    dark.addEventListener('change', changed);
    root.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  });
  onScopeDispose(() => {
    dark.removeEventListener('change', changed);
    root.disconnect();
  });
  return changes;
}
