import { shallowRef, watch, type ShallowRef } from 'vue';
import { messageOf } from '../../shared/api/message.ts';
import type { EngineReport } from '../../shared/api/engines.ts';
import type { Studio } from './studio.ts';

type Reports = readonly EngineReport[];

const reports = shallowRef<Reports | null>(null);
const problem = shallowRef<string | null>(null);
const measuring = shallowRef(false);
const forgotten = shallowRef(false);
let asked = false;

/** Which engines work on the service's machine. */
export interface Engines {
  /** Null while they are being tried for the first time. */
  readonly reports: Readonly<ShallowRef<Reports | null>>;
  readonly problem: Readonly<ShallowRef<string | null>>;
  /** Whether the speed of each is being measured. */
  readonly measuring: Readonly<ShallowRef<boolean>>;
  /** Measures the speed of each, until it is done or stopped. */
  measure(): Promise<void>;
  stop(): void;
  /** Lets the next run of each model try all engines anew. */
  forget(): Promise<void>;
  /** Whether that is done, in this window. */
  readonly forgotten: Readonly<ShallowRef<boolean>>;
}

/** The engines are looked for once a window, since finding out takes seconds. */
export function useEngines(studio: Studio): Engines {
  async function ask(benchmark: boolean): Promise<void> {
    try {
      reports.value = await studio.service.engines({ benchmark });
      problem.value = null;
    } catch (error) {
      const ended = (error as { code?: unknown }).code === 'SURVEY_ENDED';
      problem.value = ended ? null : messageOf(error);
    }
  }
  if (!asked) {
    asked = true;
    watch(
      studio.connection,
      (connection) => {
        if (connection === 'open' && !reports.value) void ask(false);
      },
      { immediate: true },
    );
  }
  return {
    reports,
    problem,
    measuring,
    async measure() {
      if (measuring.value) return;
      measuring.value = true;
      await ask(true);
      measuring.value = false;
    },
    stop: () => void studio.service.endEngines().catch(() => {}),
    async forget() {
      try {
        await studio.service.forgetChoices();
        forgotten.value = true;
        problem.value = null;
      } catch (error) {
        problem.value = messageOf(error);
      }
    },
    forgotten,
  };
}
