import { resolve } from 'node:path';
import { dialog } from 'electron';
import { openStudio, type Studio } from '../service/studio.ts';
import { startUtilityTrainer } from './utility-trainer.ts';

/** The projects that are open, one studio each. */
export interface Projects {
  /** The studio of a folder, opened when it is not yet. Throws a StudioError when it can't be. */
  open(folder: string): Promise<Studio>;
  /** Whether a model trains in one of them. */
  areTraining(): boolean;
  /** Stops all runs, each after saving a checkpoint. */
  close(): Promise<void>;
}

/** Keeps the studios of the app. */
export function createProjects(): Projects {
  const studios = new Map<string, Studio>();
  return {
    async open(folder) {
      const place = resolve(folder);
      const open = studios.get(place);
      if (open) return open;
      const studio = await openStudio({
        folder: place,
        host: 'electron',
        startTrainer: startUtilityTrainer,
        pick,
      });
      studios.set(place, studio);
      return studio;
    },
    areTraining: () => [...studios.values()].some((studio) => studio.activeRuns().length > 0),
    async close() {
      await Promise.all([...studios.values()].map((studio) => studio.close()));
    },
  };
}

/** Asks for folders or files of data. Not every system has a dialog that takes either. */
async function pick(folder: boolean): Promise<string[]> {
  const { filePaths } = await dialog.showOpenDialog({
    properties: [folder ? 'openDirectory' : 'openFile', 'multiSelections'],
  });
  return filePaths;
}
