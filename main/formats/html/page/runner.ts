import { messageOf } from '../../../../shared/api/message.ts';
import { interpret } from '../../../../shared/program/interpreter/interpret.ts';
import type { Program } from '../../../../shared/program/program.ts';
import type { NamedTensors } from '../../../../shared/program/tensor.ts';
import { IDS, unpackProgram, type PageData } from '../page-data.ts';

/** What a run gave, or why it could not. */
export type Answer =
  { readonly outputs: NamedTensors; readonly ms: number } | { readonly error: string };

type Request =
  | { readonly data: PageData; readonly bytes: Uint8Array }
  | { readonly feeds: NamedTensors; readonly run: number };

type Reply = { readonly answer: Answer; readonly run: number };

/** Runs the model, away from the page where that can be. */
export interface Runner {
  run(feeds: NamedTensors): Promise<Answer>;
}

/** A worker with the page's own script; without workers the model runs in the page. */
export function createRunner(data: PageData, bytes: Uint8Array): Runner {
  const script = document.getElementById(IDS.script)?.textContent ?? '';
  try {
    const worker = new Worker(URL.createObjectURL(new Blob([script])));
    const here = () => localRunner(unpackProgram(data, bytes));
    let fallback: Runner | null = null;
    const waiting = new Map<number, { feeds: NamedTensors; resolve: (answer: Answer) => void }>();
    let count = 0;
    worker.onmessage = ({ data: reply }: MessageEvent<Reply>) => {
      waiting.get(reply.run)?.resolve(reply.answer);
      waiting.delete(reply.run);
    };
    worker.onerror = () => {
      fallback ??= here();
      for (const { feeds, resolve } of waiting.values()) void fallback.run(feeds).then(resolve);
      waiting.clear();
    };
    worker.postMessage({ data, bytes } satisfies Request);
    return {
      run(feeds) {
        if (fallback) return fallback.run(feeds);
        return new Promise((resolve) => {
          waiting.set(++count, { feeds, resolve });
          worker.postMessage({ feeds, run: count } satisfies Request);
        });
      },
    };
  } catch {
    return localRunner(unpackProgram(data, bytes));
  }
}

function localRunner(program: Program): Runner {
  return { run: (feeds) => Promise.resolve(answerOf(program, feeds)) };
}

function answerOf(program: Program, feeds: NamedTensors): Answer {
  const start = performance.now();
  try {
    const outputs = interpret(program, {}, feeds);
    return { outputs, ms: performance.now() - start };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

/** What the script does in the worker: it gets the model once, then what to run it on. */
export function serveWorker(): void {
  let program: Program | null = null;
  const scope = globalThis as unknown as {
    onmessage: (event: MessageEvent<Request>) => void;
    postMessage(reply: Reply): void;
  };
  scope.onmessage = ({ data: request }) => {
    if ('data' in request) program = unpackProgram(request.data, request.bytes);
    else if (program)
      scope.postMessage({ answer: answerOf(program, request.feeds), run: request.run });
  };
}
