import { computed, shallowRef, type ComputedRef, type ShallowRef } from 'vue';
import { useI18n } from 'vue-i18n';
import { messageOf } from '../../shared/api/message.ts';
import { isActive } from '../../shared/api/events.ts';
import type { RunSummary } from '../../shared/api/contract.ts';
import { useNavigation } from './navigation.ts';
import { useProject } from './project.ts';
import { useStudio } from './studio.ts';

const starting = shallowRef(false);
const resuming = shallowRef<string | null>(null);
const problem = shallowRef<string | null>(null);

/** What several places can do: start a run and show it. */
export interface Actions {
  readonly starting: Readonly<ShallowRef<boolean>>;
  /** The run that is about to go on. */
  readonly resuming: Readonly<ShallowRef<string | null>>;
  /** Why the last start failed, or what was to go on and did not. */
  readonly problem: Readonly<ShallowRef<string | null>>;
  /** The run that is under way, else the first that is queued; null when there is none. */
  readonly activeRun: ComputedRef<RunSummary | null>;
  train(): Promise<void>;
  /** Lets a run that has ended go on, to its last epoch or up to so many, and goes to it. */
  resume(id: string, epochs: number | null): Promise<void>;
}

export function useActions(): Actions {
  const { t } = useI18n();
  const studio = useStudio();
  const project = useProject();
  const { go } = useNavigation();
  return {
    starting,
    resuming,
    problem,
    activeRun: computed(() => {
      const active = [...studio.runs.value.values()].filter((run) => isActive(run.state));
      return active.find((run) => run.state !== 'queued') ?? active[0] ?? null;
    }),
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
        const reason = messageOf(error);
        problem.value = t('train.start.failed', { reason });
      } finally {
        starting.value = false;
      }
    },
    async resume(id, epochs) {
      if (resuming.value !== null) return;
      resuming.value = id;
      problem.value = null;
      try {
        await studio.service.resumeRun({ id, epochs });
        go('train', id);
      } catch (error) {
        const reason = messageOf(error);
        problem.value = t('train.resume.failed', { reason });
      } finally {
        resuming.value = null;
      }
    },
  };
}
