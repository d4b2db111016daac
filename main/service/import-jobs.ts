import type { DataImport } from '../../shared/api/data.ts';
import { encodeError, StudioError } from '../../shared/api/errors.ts';

/** What an import does while it is under way. */
export interface ImportJob {
  readonly signal: AbortSignal;
  /** Says how far it is. */
  tell(progress: Partial<DataImport>): void;
}

/** The imports of a studio: those that are under way, and those that failed until somebody has seen it. */
export interface ImportJobs {
  /** Begins an import. `work` gives the dataset that it becomes, as `training.data` names it. */
  start(id: string, name: string, work: (job: ImportJob) => Promise<string>): void;
  /** Ends an import, or takes a failed one from the list. Resolves when it has ended. */
  cancel(id: string): Promise<void>;
  list(): DataImport[];
  /** Ends all. */
  close(): Promise<void>;
}

/** How often an import is told of, in ms. */
const OFTEN = 100;

/** Runs imports; `changed` is told of each, ten times a second at most, and at once when it ends. */
export function createImportJobs(changed: (data: DataImport) => void): ImportJobs {
  interface Running {
    data: DataImport;
    readonly abort: AbortController;
    timer: NodeJS.Timeout | undefined;
    done: Promise<void>;
  }
  const jobs = new Map<string, Running>();

  function tell(job: Running): void {
    clearTimeout(job.timer);
    job.timer = undefined;
    changed(job.data);
  }

  async function run(
    job: Running,
    work: (job: ImportJob) => Promise<string>,
  ): Promise<Partial<DataImport>> {
    const { signal } = job.abort;
    try {
      const data = await work({
        signal,
        tell(progress) {
          if (signal.aborted) return;
          job.data = { ...job.data, ...progress };
          job.timer ??= setTimeout(() => tell(job), OFTEN);
        },
      });
      return { state: 'done', data };
    } catch (error) {
      if (signal.aborted) return { state: 'cancelled' };
      return { state: 'failed', error: encodeError(error) };
    }
  }

  return {
    start(id, name, work) {
      const before = jobs.get(id);
      if (before?.data.state === 'running')
        throw new StudioError('IMPORT_UNDER_WAY', `${name} is being imported`);
      const none = { done: 0, total: null, rate: null, secondsLeft: null } as const;
      const job: Running = {
        data: { id, name, state: 'running', phase: 'look', unit: 'files', ...none },
        abort: new AbortController(),
        timer: undefined,
        done: Promise.resolve(),
      };
      jobs.set(id, job);
      job.done = run(job, work).then((end) => {
        job.data = { ...job.data, ...end };
        if (job.data.state !== 'failed') jobs.delete(id);
        tell(job);
      });
      tell(job);
    },
    async cancel(id) {
      const job = jobs.get(id);
      if (!job) return;
      job.abort.abort();
      await job.done;
      if (job.data.state !== 'failed') return;
      jobs.delete(id);
      changed({ ...job.data, state: 'cancelled' });
    },
    list: () => [...jobs.values()].map((job) => job.data),
    async close() {
      for (const job of jobs.values()) job.abort.abort();
      await Promise.all([...jobs.values()].map((job) => job.done));
    },
  };
}
