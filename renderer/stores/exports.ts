import { shallowRef, type ShallowRef } from 'vue';
import type { ExportFormat } from '../../shared/api/exports.ts';
import type { KeptExport } from '../../shared/api/models.ts';

/** Something that was written since the window was opened. */
export interface DoneExport extends KeptExport {
  readonly path: string;
  readonly format: ExportFormat;
}

const done = shallowRef<readonly DoneExport[]>([]);

/** What this window has written, the newest first. */
export function useExports(): {
  readonly done: Readonly<ShallowRef<readonly DoneExport[]>>;
  add(one: DoneExport): void;
} {
  return {
    done,
    add: (one) => (done.value = [one, ...done.value].slice(0, 20)),
  };
}
