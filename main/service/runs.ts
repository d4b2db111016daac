import { existsSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { DeviceUsage } from '../../shared/api/engines.ts';
import { runEnded, StudioError } from '../../shared/api/errors.ts';
import { isActive, type RunEvent, type TrainableChange } from '../../shared/api/events.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { waitForLock } from '../data/store/lock.ts';
import { findRun } from './recover-run.ts';
import type { RunHandle, RunOptions } from './run-handle.ts';
import { readRunRecord } from './run-record.ts';
import { resumeRun, trainRun } from './train-run.ts';
import type { StartTrainer } from './trainer-process.ts';
import { watchRuns } from './watch-runs.ts';

/** Files in the folder of runs: who trains, and who gives a run its number. */
const TURN = '.training';
const NUMBERS = '.numbers';

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
  /** Lets a run go on as `resumeRun` says, behind those that are under way. */
  resume(id: string, epochs?: number): Promise<RunSummary>;
  pause(id: string): Promise<void>;
  proceed(id: string): Promise<void>;
  checkpoint(id: string): Promise<void>;
  /** Ends a run, if it is under way, and with `discard` removes its folder. Resolves when that is done. */
  stop(id: string, discard: boolean): Promise<void>;
  /** The model of a run, with what was frozen or set free in it. Throws a StudioError when there is no such run. */
  model(id: string): Promise<ModelSpec>;
  /** Freezes a layer of a run that is under way, or sets it free. Rejects as `RunHandle` says. */
  setTrainable(id: string, change: TrainableChange): Promise<void>;
  /** The folder of a run. Throws a StudioError when there is none of this id. */
  folder(id: string): string;
  /** Looks no longer at what other processes do in the folder. */
  close(): void;
}

/** Finds and starts runs in a folder. */
export function createRuns(
  folder: string,
  startTrainer: StartTrainer,
  listener: RunsListener,
): Runs {
  /** Every run that was carried out here, also after its end: a full disk may have kept its last state from `run.json`. */
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

  /**
   * Carries out a run behind those that are under way here, and in other studios of the project: one trains at a time.
   */
  async function carryOut(
    id: string,
    begin: (options: RunOptions) => Promise<RunHandle>,
  ): Promise<RunSummary> {
    const over = new AbortController();
    const turn = last.then(() => waitForLock(join(folder, TURN), { signal: over.signal }));
    const free = async () => {
      over.abort();
      await (await turn.catch(() => null))?.release();
    };
    try {
      const handle = await begin({
        startTrainer,
        after: turn,
        onEvents: (events) => listener.events(id, events),
        onChange: (summary) => listener.changed(id, summary),
        onUsage: (usage) => listener.usage?.(id, usage),
      });
      handles.set(id, handle);
      last = Promise.all([last, handle.done.then(free)]);
      listener.changed(id, handle.summary());
      return handle.summary();
    } catch (error) {
      void free();
      throw error;
    }
  }

  async function start(model: ModelSpec, settings: TrainingSettings): Promise<RunSummary> {
    await mkdir(folder, { recursive: true });
    const lock = await waitForLock(join(folder, NUMBERS), {});
    const numbers = (await list()).map((run) => run.number);
    const number = Math.max(0, ...numbers) + 1;
    const id = `${String(number).padStart(4, '0')}-${Math.random().toString(36).slice(2, 8)}`;
    const place = join(folder, id);
    preparing.add(id);
    try {
      return await carryOut(id, (options) =>
        trainRun({ ...options, model, settings, folder: place, id, number }),
      );
    } catch (error) {
      await rm(place, { recursive: true, force: true });
      throw error;
    } finally {
      preparing.delete(id);
      await lock.release();
    }
  }

  const isOwn = (id: string) => {
    const handle = handles.get(id);
    return preparing.has(id) || (handle !== undefined && isActive(handle.summary().state));
  };

  /** What was carried out here is known, unless another process has gone on with it since. */
  async function summaryOf(id: string): Promise<RunSummary | null> {
    const known = handles.get(id)?.summary();
    if (known && isActive(known.state)) return known;
    const stored = await findRun(id, join(folder, id));
    return known && stored && stored.seq <= known.seq ? known : stored;
  }

  async function list(): Promise<RunSummary[]> {
    const all = (await ids()).map(summaryOf);
    return (await Promise.all(all)).flatMap((run) => run ?? []).sort((a, b) => a.number - b.number);
  }

  /** The handle of a run that is under way here. Throws a StudioError that says where else, or that it has ended. */
  async function underWay(id: string): Promise<RunHandle> {
    const place = folderOf(id);
    const handle = handles.get(id);
    if (handle && isActive(handle.summary().state)) return handle;
    await refuseForeign(id, place);
    throw runEnded();
  }

  /** Throws a StudioError that names the process, when another one carries out the run. */
  async function refuseForeign(id: string, place: string): Promise<void> {
    const run = await findRun(id, place);
    if (!run || !isActive(run.state)) return;
    const { pid, host } = (await readRunRecord(place)).owner;
    throw new StudioError(
      'RUN_ACTIVE',
      `run ${run.number} is carried out by another process (${pid} on ${host}): end it or change it there`,
    );
  }

  function folderOf(id: string): string {
    const place = join(folder, id);
    if (!existsSync(place)) throw new StudioError('NO_SUCH_RUN', `there is no run ${id}`);
    return place;
  }

  const watching = watchRuns(folder, ids, isOwn, listener);

  return {
    list,
    active: () =>
      [...handles.values()].map((handle) => handle.summary()).filter((run) => isActive(run.state)),
    start(model, settings) {
      const started = starting.then(() => start(model, settings));
      starting = started.catch(() => {});
      return started;
    },
    resume(id, epochs) {
      const started = starting.then(async () => {
        const place = folderOf(id);
        const before = handles.get(id);
        if (before && !isActive(before.summary().state)) await before.done;
        return carryOut(id, (options) =>
          resumeRun({ ...options, folder: place, ...(epochs !== undefined && { epochs }) }),
        );
      });
      starting = started.catch(() => {});
      return started;
    },
    pause: async (id) => (await underWay(id)).pause(),
    proceed: async (id) => (await underWay(id)).proceed(),
    checkpoint: async (id) => (await underWay(id)).checkpoint(),
    async stop(id, discard) {
      const place = folderOf(id);
      if (!isOwn(id)) await refuseForeign(id, place);
      const handle = handles.get(id);
      await (discard ? handle?.kill() : handle?.stop());
      if (!discard) return;
      await rm(place, { recursive: true, force: true });
      handles.delete(id);
      listener.changed(id, null);
    },
    async model(id) {
      const place = folderOf(id);
      const handle = isOwn(id) ? handles.get(id) : undefined;
      return handle?.model() ?? (await readRunRecord(place)).model;
    },
    async setTrainable(id, change) {
      await (await underWay(id)).setTrainable(change);
    },
    folder: folderOf,
    close: watching.close,
  };
}
