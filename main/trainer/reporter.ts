import type { RunEventBody, StepFacts } from '../../shared/api/events.ts';

/** How long training losses are gathered, in ms. */
const GATHER = 100;

/** What is told of a step. */
interface StepDone {
  readonly loss: number;
  /** The learning rate as float32. */
  readonly rate: number;
  /** How long it took from the step before on, and how much of that its batch was waited for. */
  readonly seconds: number;
  readonly waited: number;
}

/** Passes on what happens, in order. */
export interface Reporter {
  /** At once, after the losses that were gathered. */
  emit(event: RunEventBody): void;
  /** A step that is done; consecutive ones travel together after about 100 ms. */
  step(step: number, done: StepDone): void;
  /** Passes on what is gathered; nothing is passed on later. */
  close(): void;
}

/** A reporter that hands events, in lists, to `send`. */
export function createReporter(send: (events: readonly RunEventBody[]) => void): Reporter {
  let first = 0;
  let steps: StepDone[] = [];
  let timer: NodeJS.Timeout | undefined;

  function take(): RunEventBody[] {
    clearTimeout(timer);
    timer = undefined;
    if (steps.length === 0) return [];
    const losses = steps.map(({ loss }) => loss);
    const event = { type: 'steps', first, losses, ...factsOf(steps) } as const;
    steps = [];
    return [event];
  }
  function flush() {
    const events = take();
    if (events.length > 0) send(events);
  }
  return {
    emit: (event) => send([...take(), event]),
    step(step, done) {
      if (steps.length === 0) first = step;
      steps.push(done);
      timer ??= setTimeout(flush, GATHER);
    },
    close: flush,
  };
}

function factsOf(steps: readonly StepDone[]): StepFacts {
  const rates = steps.map(({ rate }) => decimal(rate));
  const sum = (of: 'seconds' | 'waited') => steps.reduce((total, step) => total + step[of], 0);
  const seconds = sum('seconds');
  return {
    rate: rates.every((rate) => rate === rates[0]) ? rates[0]! : rates,
    ...(seconds > 0 && { waiting: Number((sum('waited') / seconds).toFixed(4)) }),
  };
}

/** A float32 with as many digits as it has: 0.001, not 0.0010000000474974513. */
function decimal(value: number): number {
  return Number(value.toPrecision(7));
}
