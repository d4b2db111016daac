import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import { UNDO_MS } from '../../shared/api/runs.ts';

/** Runs that were deleted and can still be brought back. */
export interface RunTrash {
  /** Moves a run's folder into the trash, and removes it when `UNDO_MS` have passed. */
  put(id: string): Promise<void>;
  /** Brings a run back. Throws a StudioError when it is gone. */
  restore(id: string): Promise<void>;
  /** Removes all that is in the trash. */
  empty(): Promise<void>;
}

/** Where in a folder of runs lies what the next start of a studio removes. */
export function trashFolder(runs: string): string {
  return join(runs, '.trash');
}

/** The trash of a folder of runs. */
export function createRunTrash(runs: string, undoMs = UNDO_MS): RunTrash {
  const trash = trashFolder(runs);
  const timers = new Map<string, NodeJS.Timeout>();
  const forget = (id: string) => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  return {
    async put(id) {
      await mkdir(trash, { recursive: true });
      const place = join(trash, id);
      await rm(place, { recursive: true, force: true });
      await rename(join(runs, id), place);
      forget(id);
      const remove = () => {
        timers.delete(id);
        // What can't be removed now is at the next start.
        rm(place, { recursive: true, force: true }).catch(() => {});
      };
      timers.set(id, setTimeout(remove, undoMs).unref());
    },
    async restore(id) {
      const place = join(trash, id);
      if (!(await stat(place).catch(() => null)))
        throw new StudioError('NO_SUCH_RUN', `run ${id} can't be brought back: it was removed`);
      forget(id);
      await rename(place, join(runs, id));
    },
    async empty() {
      for (const id of [...timers.keys()]) forget(id);
      await rm(trash, { recursive: true, force: true });
    },
  };
}
