import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { RunSummary } from '../../shared/api/contract.ts';
import { StudioError } from '../../shared/api/errors.ts';
import { isActive } from '../../shared/api/events.ts';
import type { RunLabel, RunLibraryService } from '../../shared/api/runs.ts';
import { packRun } from './pack-run.ts';
import { findRun } from './recover-run.ts';
import type { Downloads } from './downloads.ts';
import { runDistances } from './run-distances.ts';
import { importRun } from './run-import.ts';
import { readLabel, writeLabel } from './run-label.ts';
import { createRunTrash } from './run-trash.ts';
import type { Runs } from './runs.ts';
import { createUploads, type Uploads } from './uploads.ts';

/** The runs of a project as a list that is kept in order: labelled, deleted, packed, taken in, compared. */
export interface RunLibrary {
  readonly service: RunLibraryService;
  /** All runs, with what is written on them. */
  list(): Promise<RunSummary[]>;
  /** A run with what is written on it. */
  labelled(run: RunSummary): RunSummary;
  /** Takes in a delivery of an upload, if it is one of a run; else false. */
  receive(...delivery: Parameters<Uploads['receive']>): Promise<boolean>;
}

export interface RunLibraryOptions {
  /** The project's folder. */
  readonly project: string;
  readonly runs: Runs;
  readonly downloads: Downloads;
}

/** Keeps the library of a project's runs. `changed` is told what the list shows anew. Empties the trash of earlier days. */
export async function createRunLibrary(
  { project, runs, downloads }: RunLibraryOptions,
  changed: (id: string, summary: RunSummary | null) => void,
): Promise<RunLibrary> {
  const folder = join(project, 'runs');
  const labels = new Map<string, RunLabel>();
  const trash = createRunTrash(folder);
  await trash.empty();

  const uploads = createUploads(join(folder, '.uploads'), () => {});
  const uploading = new Set<string>();
  await rm(join(folder, '.uploads'), { recursive: true, force: true });

  const labelled = (run: RunSummary): RunSummary => ({ ...run, ...labels.get(run.id) });

  async function read(id: string): Promise<void> {
    const label = await readLabel(join(folder, id));
    if (label) labels.set(id, label);
    else labels.delete(id);
  }

  async function list(): Promise<RunSummary[]> {
    const all = await runs.list();
    await Promise.all(all.map(({ id }) => read(id)));
    return all.map(labelled);
  }

  /** Tells of a run that has come (back) into the folder. */
  async function tell(id: string): Promise<RunSummary> {
    await read(id);
    const run = runs.active().find((one) => one.id === id) ?? (await findRun(id, runs.folder(id)));
    if (!run) throw new StudioError('NO_SUCH_RUN', `there is no run ${id}`);
    changed(id, labelled(run));
    return labelled(run);
  }

  async function ended(id: string): Promise<string> {
    const place = runs.folder(id);
    const known = runs.active().some((run) => run.id === id);
    const run = known ? null : await findRun(id, place);
    if (known || (run && isActive(run.state)))
      throw new StudioError('RUN_ACTIVE', `run ${id} is under way; stop it first`);
    return place;
  }

  async function bring(path: string): Promise<RunSummary> {
    const numbers = (await runs.list()).map(({ number }) => number);
    return tell(await importRun(path, folder, numbers));
  }

  return {
    list,
    labelled,
    async receive(id, ticket, body) {
      if (!uploading.has(id)) return false;
      await uploads.receive(id, ticket, body);
      return true;
    },
    service: {
      async labelRun({ id, label }) {
        await writeLabel(runs.folder(id), label);
        await tell(id);
      },
      async deleteRuns({ ids }) {
        for (const id of ids) await ended(id);
        for (const id of ids) {
          await trash.put(id);
          changed(id, null);
        }
      },
      async restoreRuns({ ids }) {
        for (const id of ids) {
          await trash.restore(id);
          await tell(id);
        }
      },
      async zipRun({ id, file }) {
        const target = file === null ? null : resolve(project, file);
        return packRun(await ended(id), target, join(project, 'exports'));
      },
      async downloadRun({ id }) {
        const { ticket, name } = await downloads.offer(await ended(id));
        return { url: `/download/${ticket}`, name };
      },
      async startRunUpload(upload) {
        await uploads.drop(upload.id, false);
        await uploads.start(upload);
        uploading.add(upload.id);
      },
      offerRunFiles: ({ id, files }) => uploads.offer(id, files),
      async importRun(query) {
        if ('path' in query) return bring(resolve(project, query.path));
        const place = uploads.finish(query.upload);
        uploading.delete(query.upload);
        try {
          return await bring(place);
        } finally {
          await rm(dirname(place), { recursive: true, force: true });
        }
      },
      weightDistances: async ({ ids }) => runDistances(ids.map((id) => runs.folder(id))),
    },
  };
}
