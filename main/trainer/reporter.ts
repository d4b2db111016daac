import type { RunEventBody } from '../../shared/api/events.ts';

/** How long training losses are gathered, in ms. */
const GATHER = 100;

/** Passes on what happens, in order. */
export interface Reporter {
  /** At once, after the losses that were gathered. */
  emit(event: RunEventBody): void;
  /** The loss of a step; consecutive ones travel together after about 100 ms. */
  step(step: number, loss: number): void;
  /** Passes on what is gathered; nothing is passed on later. */
  close(): void;
}

/** A reporter that hands events, in lists, to `send`. */
export function createReporter(send: (events: readonly RunEventBody[]) => void): Reporter {
  let first = 0;
  let losses: number[] = [];
  let timer: NodeJS.Timeout | undefined;

  function take(): RunEventBody[] {
    clearTimeout(timer);
    timer = undefined;
    if (losses.length === 0) return [];
    const event = { type: 'steps', first, losses } as const;
    losses = [];
    return [event];
  }
  function flush() {
    const events = take();
    if (events.length > 0) send(events);
  }
  return {
    emit: (event) => send([...take(), event]),
    step(step, loss) {
      if (losses.length === 0) first = step;
      losses.push(loss);
      timer ??= setTimeout(flush, GATHER);
    },
    close: flush,
  };
}
