import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { DeviceUsage } from '../../shared/api/engines.ts';
import { runEnded, StudioError } from '../../shared/api/errors.ts';
import { isActive, type RunEvent, type TrainableChange } from '../../shared/api/events.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { findRun } from './recover-run.ts';
import { readRunRecord } from './run-record.ts';
import { trainRun, type RunHandle } from './train-run.ts';
import type { StartTrainer } from './trainer-process.ts';

/** What is told about the runs of a project. */
export interface RunsListener {
  events(id: string, events: readonly RunEvent[]): void;
  changed(id: string, summary: RunSummary | null): void;
  usage?(id: string, usage: DeviceUsage): void;
}

/** The runs of a project: folders in `runs/`, some of them under way in this process. */
export interface Runs {
  /** All of them, in the order of their numbers. Runs whose owner died are ended. */
  list(): Promise<RunSummary[]>;
  /** Those that are under way in this process. */
  active(): RunSummary[];
  /** Starts a run, or queues it behind those that are under way: one trains at a time. */
  start(model: ModelSpec, settings: TrainingSettings): Promise<RunSummary>;
  /** Ends a run, if it is under way, and with `discard` removes its folder. Resolves when that is done. */
  stop(id: string, discard: boolean): Promise<void>;
  /** The model of a run, with what was frozen or set free in it. Throws a StudioError when there is no such run. */
  model(id: string): Promise<ModelSpec>;
  /** Freezes a layer of a run that is under way, or sets it free. Rejects as `RunHandle` says. */
  setTrainable(id: string, change: TrainableChange): Promise<void>;
  /** The folder of a run. Throws a StudioError when there is none of this id. */
  folder(id: string): string;
}

/** Finds and starts runs in a folder. */
export function createRuns(
  folder: string,
  startTrainer: StartTrainer,
  listener: RunsListener,
): Runs {
  /** Every run that was started here, also after its end: a full disk may have kept its last state from `run.json`. */
  const handles = new Map<string, RunHandle>();
  /** Runs whose folders are being made. */
  const preparing = new Set<string>();
  /** Resolves when all runs so far have ended; the next one waits for it. */
  let last: Promise<unknown> = Promise.resolve();
  let starting: Promise<unknown> = Promise.resolve();

  async function ids(): Promise<string[]> {
    const entries = await readdir(folder, { withFileTypes: true }).catch(
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return [];
        throw error;
      },
    );
    return entries
      .filter((entry) => entry.isDirectory() && /^[\w-]{1,100}$/.test(entry.name))
      .map((entry) => entry.name)
      .filter((id) => !preparing.has(id));
  }

  async function start(model: ModelSpec, settings: TrainingSettings): Promise<RunSummary> {
    const numbers = (await list()).map((run) => run.number);
    const number = Math.max(0, ...numbers) + 1;
    const id = `${String(number).padStart(4, '0')}-${Math.random().toString(36).slice(2, 8)}`;
    await mkdir(folder, { recursive: true });
    preparing.add(id);
    try {
      const handle = await trainRun({
        model,
        settings,
        folder: join(folder, id),
        startTrainer,
        id,
        number,
        after: last,
        onEvents: (events) => listener.events(id, events),
        onChange: (summary) => listener.changed(id, summary),
        onUsage: (usage) => listener.usage?.(id, usage),
      });
      handles.set(id, handle);
      last = Promise.all([last, handle.done]);
      listener.changed(id, handle.summary());
      return handle.summary();
    } catch (error) {
      await rm(join(folder, id), { recursive: true, force: true });
      throw error;
    } finally {
      preparing.delete(id);
    }
  }

  async function list(): Promise<RunSummary[]> {
    const all = (await ids()).map(
      (id) => handles.get(id)?.summary() ?? findRun(id, join(folder, id)),
    );
    return (await Promise.all(all)).flatMap((run) => run ?? []).sort((a, b) => a.number - b.number);
  }

  function folderOf(id: string): string {
    const place = join(folder, id);
    if (!existsSync(place)) throw new StudioError('NO_SUCH_RUN', `there is no run ${id}`);
    return place;
  }

  return {
    list,
    active: () =>
      [...handles.values()].map((handle) => handle.summary()).filter((run) => isActive(run.state)),
    start(model, settings) {
      const started = starting.then(() => start(model, settings));
      starting = started.catch(() => {});
      return started;
    },
    async stop(id, discard) {
      const place = folderOf(id);
      const handle = handles.get(id);
      await (discard ? handle?.kill() : handle?.stop());
      if (!discard) return;
      await rm(place, { recursive: true, force: true });
      handles.delete(id);
      listener.changed(id, null);
    },
    model: async (id) => handles.get(id)?.model() ?? (await readRunRecord(folderOf(id))).model,
    async setTrainable(id, change) {
      folderOf(id);
      const handle = handles.get(id);
      if (!handle) throw runEnded();
      await handle.setTrainable(change);
    },
    folder: folderOf,
  };
}
