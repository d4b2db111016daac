import { shallowRef, watch, type ShallowRef } from 'vue';
import type { EngineReport } from '../../shared/api/engines.ts';
import type { Studio } from './studio.ts';

const reports = shallowRef<readonly EngineReport[] | null>(null);
const problem = shallowRef<string | null>(null);
let asked = false;

/** Which engines work on the service's machine; asked once, since finding out takes seconds. */
export function useEngines(studio: Studio): {
  /** Null while they are being tried. */
  readonly reports: Readonly<ShallowRef<readonly EngineReport[] | null>>;
  readonly problem: Readonly<ShallowRef<string | null>>;
} {
  if (!asked) {
    asked = true;
    watch(
      studio.connection,
      async (connection) => {
        if (connection !== 'open' || reports.value) return;
        try {
          reports.value = await studio.service.engines();
          problem.value = null;
        } catch (error) {
          problem.value = error instanceof Error ? error.message : String(error);
        }
      },
      { immediate: true },
    );
  }
  return { reports, problem };
}
