import { existsSync } from 'node:fs';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { DeviceUsage } from '../../shared/api/engines.ts';
import { encodeError, runEnded, StudioError } from '../../shared/api/errors.ts';
import type {
  ErrorInfo,
  RunEvent,
  RunEventBody,
  TrainableChange,
} from '../../shared/api/events.ts';
import { isActive } from '../../shared/api/events.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { setTrainable } from '../../shared/keras/trainable.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { openEventLog, type EventLog } from './event-log.ts';
import { isMilestone, whatIsSaved, withEvent } from './run-progress.ts';
import {
  eventsFile,
  reserveFile,
  runFile,
  summaryOf,
  thisProcess,
  writeRunRecord,
  type RunRecord,
} from './run-record.ts';
import { openTrainer, type Trainer, type TrainerLimits } from './trainer-link.ts';
import type { StartTrainer } from './trainer-process.ts';

export interface TrainRunOptions {
  readonly model: ModelSpec;
  readonly settings: TrainingSettings;
  /** The run's own folder. It may exist, but must hold no run. */
  readonly folder: string;
  readonly startTrainer: StartTrainer;
  /** Name and number of the run in its project; a run by itself is `run`, number 1. */
  readonly id?: string;
  readonly number?: number;
  /** The run stays queued until this has resolved. */
  readonly after?: Promise<unknown>;
  /** Told of events once they are on disk. */
  readonly onEvents?: (events: readonly RunEvent[]) => void;
  /** Told when something changed that a list of runs shows, after the events that changed it. */
  readonly onChange?: (summary: RunSummary) => void;
  readonly onUsage?: (usage: DeviceUsage) => void;
  readonly limits?: TrainerLimits;
  /** Whether the engines are tried anew though one is remembered as the fastest. */
  readonly chooseAnew?: boolean;
}

/** A run that is under way. */
export interface RunHandle {
  readonly id: string;
  readonly folder: string;
  summary(): RunSummary;
  /** The run's model as it is now: what was frozen or set free since its start is in it. */
  model(): ModelSpec;
  /**
   * Freezes a layer of the run's model or sets it free, in mid-run: resolves when the training has done it. Rejects with
   * a StudioError for a path that is not there, and when the run has ended.
   */
  setTrainable(change: TrainableChange): Promise<void>;
  /** Lets the run save a checkpoint after the current step and end. Resolves, with `done`, when it has ended. */
  stop(): Promise<RunSummary>;
  /** Ends the run at once. What was saved before stays. */
  kill(): Promise<RunSummary>;
  /** Resolves when the run has ended, however it did; it never rejects. */
  readonly done: Promise<RunSummary>;
}

/** How often a run says on disk, by the time of its `run.json`, that its owner lives; in ms. */
export const OWNER_SIGN = 5_000;

/** Bytes kept free on the disk while a run works, so that its end can be written when the disk is full. */
const RESERVE = 64 * 1024;

/**
 * Starts a run in a process of its own, and keeps its history in its folder: `run.json`, `events.jsonl`, and what the
 * trainer saves. Whatever ends the run, its last state says why and what was saved. Throws a StudioError when the
 * folder can't hold a run.
 */
export async function trainRun(options: TrainRunOptions): Promise<RunHandle> {
  const { folder, settings, model, onEvents, onChange } = options;
  let record: RunRecord = {
    version: 1,
    id: options.id ?? 'run',
    number: options.number ?? 1,
    created: Date.now(),
    state: 'queued',
    settings,
    lastStep: 0,
    seq: 0,
    owner: thisProcess,
    model,
  };
  const log = await prepared(folder, record);

  let silentSince: number | null = null;
  const summary = (): RunSummary => ({
    ...summaryOf(folder, record),
    ...(silentSince === null ? {} : { silentSince }),
  });

  /** Takes events in: to the disk, then to the record, then to who listens. False when the disk refuses them. */
  async function keep(bodies: readonly RunEventBody[]): Promise<boolean> {
    let events: RunEvent[];
    try {
      events = await log.append(bodies);
    } catch (error) {
      breakOff(error);
      return false;
    }
    record = events.reduce(withEvent, record);
    onEvents?.(events);
    if (events.some(isMilestone)) {
      await writeRunRecord(folder, record).catch(breakOff);
      onChange?.(summary());
    }
    return true;
  }

  let trainer: Trainer | null = null;
  let ending: 'stop' | 'kill' | null = null;
  let wake = () => {};
  const ended = new Promise<void>((resolve) => (wake = resolve));
  let breakOff = (_error: unknown) => {};
  const broken = new Promise<never>((_, reject) => (breakOff = reject));
  broken.catch(() => {});

  /** Events are kept one batch after the other. From the first that the disk refuses, they wait for the run's end. */
  let writing = Promise.resolve();
  const refused: RunEventBody[] = [];
  const write = (told: readonly RunEventBody[]) => {
    const bodies = told.filter((body) => !isFinal(body));
    if (bodies.length === 0) return;
    writing = writing
      .then(async () => {
        if (refused.length > 0 || !(await keep(bodies))) refused.push(...bodies);
      })
      .catch(breakOff);
  };

  async function train(): Promise<'finished' | 'stopped'> {
    await Promise.race([options.after, ended]);
    if (ending) return 'stopped';
    trainer = openTrainer(
      options.startTrainer,
      {
        events: write,
        ...(options.onUsage && { usage: options.onUsage }),
        silent: (since) => {
          silentSince = since;
          onChange?.(summary());
        },
      },
      options.limits,
    );
    if (ending) void trainer.end();
    const { state } = await Promise.race([
      trainer.service.train({
        model: record.model,
        settings,
        folder,
        chooseAnew: options.chooseAnew === true,
      }),
      broken,
    ]);
    await writing;
    if (refused.length > 0) await broken;
    return state;
  }

  async function run(): Promise<RunSummary> {
    const sign = setInterval(() => {
      const now = new Date();
      utimes(runFile(folder), now, now).catch(() => {});
    }, OWNER_SIGN);
    const outcome = await train().then(
      (state) => ({ state }),
      (error: unknown) => ({ error }),
    );
    await trainer?.end();
    await writing;
    await rm(reserveFile(folder), { force: true });
    if (refused.length > 0) await keep(refused);
    const end = 'state' in outcome ? outcome : failure(outcome.error);
    silentSince = null;
    await finish({ type: 'state', ...end });
    clearInterval(sign);
    await log.close();
    return summary();
  }

  function failure(thrown: unknown): { state: 'stopped' | 'failed'; error?: ErrorInfo } {
    const info = encodeError(thrown);
    const died = info.code === 'TRAINER_DIED';
    if (ending === 'kill' && died) return { state: 'stopped' };
    const problem: ErrorInfo =
      ending === 'stop' && died
        ? { code: 'TRAINER_KILLED', message: 'the trainer did not stop in time and was ended' }
        : info.code === 'DISK_FULL'
          ? { ...info, message: `the disk that holds ${folder} is full (${info.message})` }
          : info;
    return {
      state: ending === 'stop' && died ? 'stopped' : 'failed',
      error: { ...problem, saved: info.saved ?? whatIsSaved(record) },
    };
  }

  /** Keeps the last state. When the disk refuses even that, it is told all the same, and found out at the next start. */
  async function finish(end: RunEventBody): Promise<void> {
    if (await keep([end])) return;
    const event: RunEvent = { ...end, seq: record.seq + 1, time: Date.now() };
    record = withEvent(record, event);
    onEvents?.([event]);
    onChange?.(summary());
  }

  const done = run();
  return {
    id: record.id,
    folder,
    summary,
    model: () => record.model,
    async setTrainable(change) {
      if (!isActive(record.state)) throw runEnded();
      const changed = setTrainable(record.model, change.path, change.trainable);
      if (trainer) return trainer.service.setTrainable(change);
      if (changed !== record.model) await keep([{ type: 'trainable', step: 0, ...change }]);
    },
    stop() {
      ending ??= 'stop';
      wake();
      void trainer?.stop();
      return done;
    },
    kill() {
      ending = 'kill';
      wake();
      void trainer?.end();
      return done;
    },
    done,
  };
}

/** The last state of a run is said by its owner, after the trainer's process has ended. */
function isFinal(body: RunEventBody): boolean {
  return body.type === 'state' && !isActive(body.state);
}

/** Makes the run's folder, or leaves it without a run. */
async function prepared(folder: string, record: RunRecord): Promise<EventLog> {
  for (const inside of ['images', 'checkpoints'])
    await mkdir(join(folder, inside), { recursive: true });
  const files = [runFile(folder), eventsFile(folder), reserveFile(folder)] as const;
  if (files.some((file) => existsSync(file)))
    throw new StudioError('RUN_EXISTS', `${folder} already holds a run; name another folder`);
  try {
    await writeFile(reserveFile(folder), new Uint8Array(RESERVE));
    await writeRunRecord(folder, record);
    return await openEventLog(eventsFile(folder));
  } catch (error) {
    for (const file of files) await rm(file, { force: true });
    throw error;
  }
}
