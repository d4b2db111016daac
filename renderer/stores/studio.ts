import { inject, shallowReadonly, shallowRef, type InjectionKey, type ShallowRef } from 'vue';
import type {
  RunSummary,
  Snapshot,
  StudioListener,
  StudioService,
} from '../../shared/api/contract.ts';
import type { DataImport, DatasetEntry } from '../../shared/api/data.ts';
import { withUsage, type EngineProgress, type RunUsage } from '../../shared/api/engines.ts';
import { isActive, type RunEvent } from '../../shared/api/events.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { createEventFeed, type EventCallback, type FeedOptions } from './event-feed.ts';

/** A live connection to the service. */
export interface Link {
  readonly service: StudioService;
  onClose(callback: () => void): void;
}

/** Opens a connection; rejects with a RefusedError when trying again is of no use. */
export type Connect = (listener: StudioListener) => Promise<Link>;

/** The service answers, but not to this window: the address is no longer valid. */
export class RefusedError extends Error {}

export type Connection = 'connecting' | 'open' | 'reconnecting' | 'refused';

/** The window's side of the service: what it said last, and how to ask it. */
export interface Studio {
  /** Calls go to whatever connection is open; without one they reject. */
  readonly service: StudioService;
  readonly connection: Readonly<ShallowRef<Connection>>;
  /** Null until the first connection. */
  readonly snapshot: Readonly<ShallowRef<Snapshot | null>>;
  /** The datasets that are known, the project's own among them. */
  readonly datasets: Readonly<ShallowRef<readonly DatasetEntry[]>>;
  /** Imports that are under way or failed, by id. */
  readonly imports: Readonly<ShallowRef<ReadonlyMap<string, DataImport>>>;
  /** Told of every import that ends. */
  readonly importEnded: Set<(data: DataImport) => void>;
  /** What the run under way takes of the machine; null until that is known, and when it has ended. */
  readonly usage: Readonly<ShallowRef<RunUsage | null>>;
  /** How far the survey of the engines is that is under way. */
  readonly enginesTried: Readonly<ShallowRef<EngineProgress | null>>;
  /** All runs of the project by id, in the order of their numbers. */
  readonly runs: Readonly<ShallowRef<ReadonlyMap<string, RunSummary>>>;
  /**
   * Calls back with every event of a run after number `after` (0: all), stored ones first, then live ones, in order,
   * each exactly once, whatever happens to the connection. Returns what ends it.
   */
  onRunEvents(id: string, callback: EventCallback, options?: FeedOptions): () => void;
  /** Starts a run once everything in `beforeStart` is done, such as saving the project that is trained. */
  startRun(settings: TrainingSettings): Promise<RunSummary>;
  readonly beforeStart: Set<() => Promise<void>>;
  stopRun(id: string, discard: boolean): Promise<void>;
  /** Connects at once instead of after the pause that is under way. */
  reconnect(): void;
  close(): void;
}

/** Bytes of stored events that are read at once. */
const PART = 128 * 1024;

const FIRST_PAUSE = 250;
const LONGEST_PAUSE = 5000;

/** Connects to the service, and again whenever the connection is lost; each time it takes a new snapshot. */
export function createStudio(connect: Connect): Studio {
  const connection = shallowRef<Connection>('connecting');
  const snapshot = shallowRef<Snapshot | null>(null);
  const runs = shallowRef<ReadonlyMap<string, RunSummary>>(new Map());
  const datasets = shallowRef<readonly DatasetEntry[]>([]);
  const imports = shallowRef<ReadonlyMap<string, DataImport>>(new Map());
  const usage = shallowRef<RunUsage | null>(null);
  const enginesTried = shallowRef<EngineProgress | null>(null);
  const importEnded = new Set<(data: DataImport) => void>();
  const beforeStart = new Set<() => Promise<void>>();
  let link: Link | null = null;
  let pause = FIRST_PAUSE;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let closed = false;
  let opening = false;

  const service = new Proxy({} as StudioService, {
    get:
      (_, method: keyof StudioService) =>
      async (...args: unknown[]) => {
        if (!link) throw new Error('The studio is not connected to its service.');
        return await (link.service[method] as (...args: unknown[]) => unknown)(...args);
      },
  });
  const feed = createEventFeed((id, after) => service.runEvents({ id, after, most: PART }));

  const listener: StudioListener = {
    runEvents: (id: string, events: readonly RunEvent[]) => feed.receive(id, events),
    runChanged: (id, summary) => putRun(id, summary),
    projectChanged: (project) =>
      void (snapshot.value = snapshot.value && { ...snapshot.value, project }),
    importChanged: (data) => putImport(data),
    datasetsChanged: (list) => void (datasets.value = list),
    deviceUsage: (run, now) => void (usage.value = withUsage(usage.value, run, now)),
    enginesTried: (progress) => void (enginesTried.value = progress),
  };

  function putImport(data: DataImport): void {
    const next = new Map(imports.value);
    if (data.state === 'running' || data.state === 'failed') next.set(data.id, data);
    else next.delete(data.id);
    imports.value = next;
    if (data.state !== 'running') importEnded.forEach((told) => told(data));
  }

  function putRun(id: string, summary: RunSummary | null): void {
    if (usage.value?.run === id && !(summary && isActive(summary.state))) usage.value = null;
    const next = new Map(runs.value);
    if (summary) next.set(id, summary);
    else next.delete(id);
    runs.value = inOrder(next.values());
  }

  async function open(): Promise<void> {
    clearTimeout(timer);
    opening = true;
    try {
      const opened = await connect(listener);
      const lost = new Promise<never>((_, reject) => {
        opened.onClose(() => {
          reject(new Error('The connection was lost.'));
          if (link !== opened || closed) return;
          link = null;
          connection.value = 'reconnecting';
          retry();
        });
      });
      lost.catch(() => undefined);
      const first = await Promise.race([opened.service.snapshot(), lost]);
      if (closed) return;
      link = opened;
      pause = FIRST_PAUSE;
      snapshot.value = first;
      runs.value = inOrder(first.runs);
      datasets.value = first.datasets;
      usage.value = first.usage;
      imports.value = new Map(first.imports.map((data) => [data.id, data]));
      connection.value = 'open';
      feed.refill();
    } catch (error) {
      if (error instanceof RefusedError) connection.value = 'refused';
      else retry();
    } finally {
      opening = false;
    }
  }

  function retry(): void {
    if (closed) return;
    timer = setTimeout(() => void open(), pause);
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }

  void open();
  return {
    service,
    connection: shallowReadonly(connection),
    snapshot: shallowReadonly(snapshot),
    runs: shallowReadonly(runs),
    usage: shallowReadonly(usage),
    enginesTried: shallowReadonly(enginesTried),
    datasets: shallowReadonly(datasets),
    imports: shallowReadonly(imports),
    importEnded,
    onRunEvents: feed.follow,
    beforeStart,
    async startRun(settings) {
      for (const done of beforeStart) await done();
      const summary = await service.startRun(settings);
      if (!runs.value.has(summary.id)) putRun(summary.id, summary);
      return summary;
    },
    stopRun: (id, discard) => service.stopRun({ id, discard }),
    reconnect() {
      if (link || opening || connection.value === 'refused') return;
      pause = FIRST_PAUSE;
      void open();
    },
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}

function inOrder(summaries: Iterable<RunSummary>): ReadonlyMap<string, RunSummary> {
  const sorted = [...summaries].sort((a, b) => a.number - b.number);
  return new Map(sorted.map((summary) => [summary.id, summary]));
}

export const studioKey: InjectionKey<Studio> = Symbol('studio');

/** The studio of this window. */
export function useStudio(): Studio {
  return inject(studioKey)!;
}
