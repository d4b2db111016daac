import { rm } from 'node:fs/promises';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { DeviceUsage } from '../../shared/api/engines.ts';
import { encodeError, runEnded } from '../../shared/api/errors.ts';
import type {
  ErrorInfo,
  RunEvent,
  RunEventBody,
  TrainableChange,
} from '../../shared/api/events.ts';
import { isActive } from '../../shared/api/events.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { setTrainable } from '../../shared/keras/trainable.ts';
import type { TrainJob } from '../trainer/contract.ts';
import { tellEnd } from './end-hooks.ts';
import type { OpenRun } from './run-folder.ts';
import { isMilestone, whatIsSaved, withEvent } from './run-progress.ts';
import { reserveFile, summaryOf, writeRunRecord } from './run-record.ts';
import { openTrainer, type Trainer, type TrainerLimits } from './trainer-link.ts';
import type { StartTrainer } from './trainer-process.ts';

/** How a run is carried out, and who is told. */
export interface RunOptions {
  readonly startTrainer: StartTrainer;
  /** The run stays queued until this has resolved. */
  readonly after?: Promise<unknown>;
  /** Told of events once they are on disk. */
  readonly onEvents?: (events: readonly RunEvent[]) => void;
  /** Told when something changed that a list of runs shows, after the events that changed it. */
  readonly onChange?: (summary: RunSummary) => void;
  readonly onUsage?: (usage: DeviceUsage) => void;
  readonly limits?: TrainerLimits;
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
  /** Lets the run wait after the current step, with a checkpoint, until `proceed`; a run that is queued, at its turn. */
  pause(): Promise<void>;
  proceed(): Promise<void>;
  /** Resolves when a checkpoint of now is on the disk. Rejects when the run has ended, or its turn has not come. */
  checkpoint(): Promise<void>;
  /** Lets the run save a checkpoint after the current step and end. Resolves, with `done`, when it has ended. */
  stop(): Promise<RunSummary>;
  /** Ends the run at once. What was saved before stays. */
  kill(): Promise<RunSummary>;
  /** Resolves when the run has ended, however it did; it never rejects. */
  readonly done: Promise<RunSummary>;
}

/**
 * Carries out a run in a process of its own, and keeps its history in its folder. Whatever ends the run, its last state
 * says why and what was saved; then the folder is free for others.
 */
export function carryOut(opened: OpenRun, job: TrainJob, options: RunOptions): RunHandle {
  const { folder } = job;
  const { log, lock } = opened;
  const { onEvents, onChange } = options;
  let { record } = opened;
  let silentSince: number | null = null;
  const summary = (): RunSummary => ({
    ...summaryOf(folder, record),
    ...(silentSince === null ? {} : { silentSince }),
  });

  /** Takes events in: to the disk, then to the record. Null when the disk refuses them. */
  async function store(bodies: readonly RunEventBody[]): Promise<RunEvent[] | null> {
    let events: RunEvent[];
    try {
      events = await log.append(bodies);
    } catch (error) {
      breakOff(error);
      return null;
    }
    record = events.reduce(withEvent, record);
    if (events.some(isMilestone)) await writeRunRecord(folder, record).catch(breakOff);
    return events;
  }

  function tell(events: readonly RunEvent[]): void {
    onEvents?.(events);
    if (events.some(isMilestone)) onChange?.(summary());
  }

  async function keep(bodies: readonly RunEventBody[]): Promise<boolean> {
    const events = await store(bodies);
    if (events) tell(events);
    return events !== null;
  }

  let trainer: Trainer | null = null;
  let ending: 'stop' | 'kill' | null = null;
  let pausing = false;
  let wake = () => {};
  const ended = new Promise<void>((resolve) => (wake = resolve));
  let breakOff = (_error: unknown) => {};
  const broken = new Promise<never>((_, reject) => (breakOff = reject));
  broken.catch(() => {});

  /** Events are kept one batch after the other. From the first that the disk refuses, they wait for the run's end. */
  let writing: Promise<void> = Promise.resolve();
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
    if (opened.isResumed) write([{ type: 'state', state: 'queued' }]);
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
    const model = opened.isResumed ? job.model : record.model;
    const training = trainer.service.train({ ...job, model });
    if (pausing) void trainer.service.pause();
    const { state } = await Promise.race([training, broken]);
    await writing;
    if (refused.length > 0) await broken;
    return state;
  }

  async function run(): Promise<RunSummary> {
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

  /**
   * Keeps the last state, carries out the hooks, and tells it when the folder is free for others. When the disk refuses
   * even that, it is told all the same, and found out at the next start.
   */
  async function finish(end: RunEventBody): Promise<void> {
    let events = await store([end]);
    if (!events) {
      events = [{ ...end, seq: record.seq + 1, time: Date.now() }];
      record = events.reduce(withEvent, record);
    }
    const warnings = await tellEnd(summary());
    if (warnings.length > 0) events = [...events, ...((await store(warnings)) ?? [])];
    await log.close();
    await lock.release();
    tell(events);
  }

  const mustBeActive = () => {
    if (!isActive(record.state)) throw runEnded();
  };

  const done = run();
  return {
    id: record.id,
    folder,
    summary,
    model: () => record.model,
    async setTrainable(change) {
      mustBeActive();
      const changed = setTrainable(record.model, change.path, change.trainable);
      if (trainer) return trainer.service.setTrainable(change);
      if (changed !== record.model) await keep([{ type: 'trainable', step: 0, ...change }]);
    },
    async pause() {
      mustBeActive();
      pausing = true;
      await trainer?.service.pause();
    },
    async proceed() {
      mustBeActive();
      pausing = false;
      await trainer?.service.proceed();
    },
    async checkpoint() {
      mustBeActive();
      if (!trainer) throw runEnded();
      await trainer.service.checkpoint();
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
