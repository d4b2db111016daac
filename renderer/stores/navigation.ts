import { ref, shallowRef, type Ref } from 'vue';

export const places = ['compose', 'data', 'train', 'runs', 'export'] as const;
export type Place = (typeof places)[number];

/** Where the window is; the address keeps it (`#/train/<run>`), so that a reload comes back to the same place. */
export interface Navigation {
  readonly place: Ref<Place>;
  /** The run that Train and Export look at; null: the newest. */
  readonly run: Ref<string | null>;
  go(place: Place, run?: string | null): void;
}

const place = ref<Place>('train');
const run = shallowRef<string | null>(null);

function read(): void {
  const [, name, id] = location.hash.split('/');
  place.value = places.find((one) => one === name) ?? 'train';
  run.value = id ? decodeURIComponent(id) : null;
}

function go(to: Place, id: string | null = run.value): void {
  const hash = id ? `#/${to}/${encodeURIComponent(id)}` : `#/${to}`;
  if (hash === location.hash) return;
  history.pushState(null, '', hash);
  read();
}

if (typeof window !== 'undefined') {
  read();
  window.addEventListener('popstate', read);
  window.addEventListener('hashchange', read);
}

/** The window's one navigation. */
export function useNavigation(): Navigation {
  return { place, run, go };
}
