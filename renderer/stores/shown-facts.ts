import { computed, onScopeDispose, shallowRef, type ComputedRef, type Ref } from 'vue';
import type { RunRecord } from './run-record.ts';

/** How a layer fared at the page's step; null where it has nothing of the kind. */
export interface LayerFactsOfRow {
  readonly gradient: number | null;
  readonly update: number | null;
  readonly dead: number | null;
  readonly units: number;
  /** The gradient at every time it was looked at, up to the page's step. */
  readonly trend: readonly number[];
}

export type FactsOfRows = ReadonlyMap<string, LayerFactsOfRow>;

/** Those of the run in Train, while it is shown. */
const ofRun = shallowRef<{ readonly shown: ComputedRef<FactsOfRows | null> } | null>(null);

/** How the layers of the shown run fared at the page's step, by path; null where that is not known. */
export function useShownFacts(): ComputedRef<FactsOfRows | null> {
  return computed(() => ofRun.value?.shown.value ?? null);
}

/** At most so many points make a trend. */
const TREND = 40;

/** What `factsAt` found last, so that the tree rests while a run goes on and nobody has looked anew. */
let last: { readonly look: RunRecord['layers'][number]; readonly facts: FactsOfRows } | null = null;

/** How a run's layers fared at a step or, where nobody looked then, the last time before it; null when never. */
export function factsAt(run: RunRecord, step: number | null): FactsOfRows | null {
  const rows = run.plan?.layers;
  const looks = step === null ? run.layers.length : countUpTo(run.layers, step);
  const now = run.layers[looks - 1];
  if (!rows || !now) return null;
  if (last?.look === now) return last.facts;
  const every = Math.ceil(looks / TREND);
  const seen = run.layers.slice(0, looks).filter((_, i) => (looks - 1 - i) % every === 0);
  const facts = new Map(
    rows.map(({ path, units }, i) => [
      path,
      {
        gradient: now.gradients[i] ?? null,
        update: now.updates[i] ?? null,
        dead: now.dead[i] ?? null,
        units,
        trend: seen.flatMap(({ gradients }) => gradients[i] ?? []),
      },
    ]),
  );
  last = { look: now, facts };
  return facts;
}

/** How many looks were taken up to a step. */
function countUpTo(looks: readonly { readonly step: number }[], step: number): number {
  const after = looks.findIndex((look) => look.step > step);
  return after < 0 ? looks.length : after;
}

/** Shows these facts beside the layer tree while the caller's place is shown. `step`: null for the newest. */
export function showFactsOf(run: Readonly<Ref<RunRecord | null>>, step: Ref<number | null>): void {
  const shown = computed(() => run.value && factsAt(run.value, step.value));
  const own = { shown };
  ofRun.value = own;
  onScopeDispose(() => {
    if (ofRun.value === own) ofRun.value = null;
  });
}
