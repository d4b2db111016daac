import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import {
  DamagedRecord,
  type BatchMaker,
  type BatchRequest,
  type ReadColumn,
} from './batch-maker.ts';
import type { ThreadReply, ThreadRequest } from './batch-thread.ts';

/** Makes batches beside the work of the main thread, which an engine's step may block for its whole length. */
export interface BatchReader {
  /** As BatchMaker's. */
  make(request: BatchRequest): Promise<readonly Float32Array<ArrayBuffer>[]>;
  close(): Promise<void>;
}

/**
 * A reader with a thread of its own, which starts with the first batch; where its program is not built or can't start,
 * `maker` makes the batches here.
 */
export function createBatchReader(
  columns: readonly ReadColumn[],
  maker: BatchMaker,
  program = findProgram(),
): BatchReader {
  let thread: BatchThread | null = null;
  let works = program !== null;
  return {
    async make(request) {
      if (!works) return maker.make(request);
      thread ??= startThread(program!, columns);
      const reply = await thread.ask(request);
      if (reply === null) {
        works = false;
        return maker.make(request);
      }
      if ('damaged' in reply) throw new DamagedRecord(reply.damaged);
      if ('error' in reply) throw new Error(reply.error);
      return reply.made;
    },
    async close() {
      await thread?.end();
      maker.close();
    },
  };
}

interface BatchThread {
  /** Null when the thread has ended before it answered. */
  ask(request: BatchRequest): Promise<ThreadReply | null>;
  end(): Promise<void>;
}

function startThread(program: string, columns: readonly ReadColumn[]): BatchThread {
  const worker = new Worker(program, { workerData: columns });
  const waiting = new Map<number, (reply: ThreadReply | null) => void>();
  let asked = 0;
  let ended = false;
  const settle = (id: number, reply: ThreadReply | null) => {
    waiting.get(id)?.(reply);
    waiting.delete(id);
    // It keeps the process alive only while somebody waits.
    if (waiting.size === 0) worker.unref();
  };
  const stop = () => {
    ended = true;
    for (const id of [...waiting.keys()]) settle(id, null);
  };
  worker.on('message', (reply: ThreadReply) => settle(reply.id, reply));
  worker.on('error', stop);
  worker.on('exit', stop);
  worker.unref();
  return {
    ask(request) {
      if (ended) return Promise.resolve(null);
      const id = asked++;
      worker.ref();
      worker.postMessage({ id, request } satisfies ThreadRequest);
      return new Promise((resolve) => waiting.set(id, resolve));
    },
    async end() {
      await worker.terminate();
    },
  };
}

/** The built program of the thread, found from here upwards; null where it is not, or lies in an archive. */
function findProgram(folder = import.meta.dirname): string | null {
  const program = join(folder, 'dist/main/batches.js');
  if (existsSync(program)) return program.includes('app.asar/') ? null : program;
  const above = dirname(folder);
  return above === folder ? null : findProgram(above);
}
