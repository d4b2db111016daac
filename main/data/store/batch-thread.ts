import { parentPort, workerData } from 'node:worker_threads';
import {
  createBatchMaker,
  DamagedRecord,
  type BatchRequest,
  type ReadColumn,
} from './batch-maker.ts';

/** What the thread is asked: a batch, by a number of its own. */
export interface ThreadRequest {
  readonly id: number;
  readonly request: BatchRequest;
}

/** What it answers. */
export type ThreadReply =
  | { readonly id: number; readonly made: readonly Float32Array<ArrayBuffer>[] }
  | { readonly id: number; readonly damaged: number }
  | { readonly id: number; readonly error: string };

/** Data that are no larger are kept in memory. */
const HELD_BYTES = 64 << 20;

/** The thread that makes batches of the files of `workerData`, one after the other. */
const maker = createBatchMaker(workerData as readonly ReadColumn[], HELD_BYTES);

parentPort!.on('message', ({ id, request }: ThreadRequest) => {
  try {
    const made = maker.make(request);
    const reply: ThreadReply = { id, made };
    parentPort!.postMessage(
      reply,
      made.map(({ buffer }) => buffer),
    );
  } catch (error) {
    const reply: ThreadReply =
      error instanceof DamagedRecord
        ? { id, damaged: error.record }
        : { id, error: (error as Error).message };
    parentPort!.postMessage(reply);
  }
});
