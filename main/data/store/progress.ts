import type { Source } from '../source.ts';
import type { ImportProgress } from './imported.ts';

/** Counts what an import does and tells it, about ten times a second. */
export interface Meter {
  /** A sample was met. */
  met(reused: boolean, problem: boolean): void;
  /** Another process imports the same. */
  wait(): void;
  /** The statistics are made. */
  report(): void;
}

const TELL_EVERY = 100;
/** The rate is that of the last seconds. */
const WINDOW = 5000;

/** A meter for the import of a source. */
export function createMeter(
  source: Source,
  tell: ((progress: ImportProgress) => void) | undefined,
): Meter {
  const total = source.splits.reduce((sum, { size }) => sum + size, 0);
  let [done, reused, problems, told] = [0, 0, 0, 0];
  /** When so many samples were newly decoded. */
  let marks: { time: number; decoded: number }[] = [];
  const say = (phase: ImportProgress['phase']) => {
    const now = performance.now();
    const decoded = done - reused;
    marks = [...marks.filter(({ time }) => now - time < WINDOW), { time: now, decoded }];
    const since = marks[0]!;
    const seconds = (now - since.time) / 1000;
    const rate =
      seconds > 0.3 && decoded > since.decoded ? (decoded - since.decoded) / seconds : null;
    const left = Math.max(0, total - done);
    const secondsLeft = phase === 'decode' && rate !== null ? left / rate : null;
    told = now;
    tell?.({ phase, done, total: Math.max(total, done), reused, problems, rate, secondsLeft });
  };
  const sometimes = (phase: ImportProgress['phase']) => {
    if (tell && performance.now() - told >= TELL_EVERY) say(phase);
  };
  return {
    met(wasThere, problem) {
      done++;
      if (wasThere) reused++;
      if (problem) problems++;
      sometimes('decode');
    },
    wait: () => sometimes('wait'),
    report: () => say('report'),
  };
}
