import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue';
import { isActive } from '../../shared/api/events.ts';
import type { RunSummary } from '../../shared/api/contract.ts';
import { useNavigation } from './navigation.ts';
import { useProject } from './project.ts';
import { useStudio } from './studio.ts';

const starting = shallowRef(false);
const problem = shallowRef<string | null>(null);

/** What several places can do: start a run and show it. */
export interface Actions {
  readonly starting: Readonly<ShallowRef<boolean>>;
  /** Why the last start failed. */
  readonly problem: Readonly<ShallowRef<string | null>>;
  /** The run that is under way; null when none is. */
  readonly activeRun: ComputedRef<RunSummary | null>;
  train(): Promise<void>;
}

export function useActions(): Actions {
  const studio = useStudio();
  const project = useProject();
  const { go } = useNavigation();
  return {
    starting,
    problem,
    activeRun: computed(
      () => [...studio.runs.value.values()].findLast((run) => isActive(run.state)) ?? null,
    ),
    /** Starts a run with the project's settings and goes to it; one start at a time. */
    async train() {
      const settings = project.training.value;
      if (!settings || starting.value) return;
      starting.value = true;
      problem.value = null;
      try {
        const run = await studio.startRun(settings);
        go('train', run.id);
      } catch (error) {
        problem.value = error instanceof Error ? error.message : String(error);
      } finally {
        starting.value = false;
      }
    },
  };
}
