import {
  computed,
  effectScope,
  onScopeDispose,
  shallowReactive,
  shallowRef,
  watch,
  type ComputedRef,
  type EffectScope,
  type Ref,
} from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { RunDistances } from '../../shared/api/runs.ts';
import { compareModels, type ComparedLayer } from '../../shared/keras/compare.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { followRun, type FollowedRun } from './run.ts';
import type { RunRecord } from './run-record.ts';
import { useStudio, type Studio } from './studio.ts';

/** A run that is compared, with what its events said so far. */
export interface ComparedRun {
  readonly summary: RunSummary;
  readonly record: RunRecord | null;
  readonly error: string | null;
}

/** Follows several runs at once; each is followed as long as it is among them. */
export function useFollowedRuns(
  runs: Ref<readonly RunSummary[]>,
): ComputedRef<readonly ComparedRun[]> {
  const studio = useStudio();
  const followed = shallowReactive(
    new Map<string, { readonly scope: EffectScope; readonly run: FollowedRun }>(),
  );
  watch(
    () => runs.value.map(({ id }) => id),
    (ids) => {
      for (const [id, { scope }] of followed) {
        if (ids.includes(id)) continue;
        scope.stop();
        followed.delete(id);
      }
      for (const id of ids) {
        if (followed.has(id)) continue;
        const scope = effectScope(true);
        followed.set(id, { scope, run: scope.run(() => followRun(studio, shallowRef(id)))! });
      }
    },
    { immediate: true },
  );
  onScopeDispose(() => followed.forEach(({ scope }) => scope.stop()));
  return computed(() =>
    runs.value.map((summary) => {
      const run = followed.get(summary.id)?.run;
      return { summary, record: run?.record.value ?? null, error: run?.error.value ?? null };
    }),
  );
}

/** Architectures side by side, and how far their weights lie apart. */
export interface ComparedArchitectures {
  /** Null while models are on their way. */
  readonly layers: ComputedRef<ComparedLayer | null>;
  readonly error: ComputedRef<string | null>;
  /** Null until they are known. */
  readonly distances: ComputedRef<RunDistances | null>;
}

/** Compares the models of runs, in their order; the first is what the others are set beside. */
export function useComparedArchitectures(runs: Ref<readonly RunSummary[]>): ComparedArchitectures {
  const studio = useStudio();
  const models = shallowReactive(new Map<string, ModelSpec>());
  const failure = shallowRef<string | null>(null);
  const known = shallowRef<{ readonly ids: string; readonly told: RunDistances | null } | null>(
    null,
  );
  const ids = computed(() => runs.value.map(({ id }) => id));

  watch(
    [ids, studio.connection],
    async ([wanted, connection]) => {
      if (connection !== 'open') return;
      failure.value = null;
      const missing = wanted.filter((id) => !models.has(id));
      await Promise.all(missing.map(load));
    },
    { immediate: true },
  );

  async function load(id: string): Promise<void> {
    try {
      models.set(id, await studio.service.runModel({ id }));
    } catch (error) {
      failure.value = messageOf(error);
    }
  }

  // Weights are read anew when a checkpoint may have come: with a run's epochs and its end.
  const moments = computed(() =>
    runs.value.map(({ id, state, lastEpoch }) => `${id} ${state} ${lastEpoch?.epoch}`).join(','),
  );
  watch(
    [moments, studio.connection],
    async () => {
      const wanted = ids.value;
      if (studio.connection.value !== 'open' || wanted.length < 2) return;
      const told = await distancesOf(studio, wanted);
      if (wanted.join() === ids.value.join()) known.value = { ids: wanted.join(), told };
    },
    { immediate: true },
  );

  const compared = computed((): { layers: ComparedLayer | null; error: string | null } => {
    const sides = runs.value.flatMap(({ id, settings }) => {
      const spec = models.get(id);
      return spec ? [{ spec, model: settings.model }] : [];
    });
    if (sides.length === 0 || sides.length < runs.value.length)
      return { layers: null, error: failure.value };
    try {
      return { layers: compareModels(sides), error: null };
    } catch (error) {
      return { layers: null, error: messageOf(error) };
    }
  });
  return {
    layers: computed(() => compared.value.layers),
    error: computed(() => compared.value.error),
    distances: computed(() => (known.value?.ids === ids.value.join() ? known.value.told : null)),
  };
}

/** Null where weights can't be read: then there is nothing to say of them. */
function distancesOf(studio: Studio, ids: readonly string[]): Promise<RunDistances | null> {
  return studio.service.weightDistances({ ids }).catch(() => null);
}
