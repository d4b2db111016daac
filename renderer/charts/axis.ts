import type { RunRecord } from '../stores/run-record.ts';
import type { Series } from './series.ts';

/** What the horizontal axis counts. */
export type AxisKind = 'step' | 'epoch' | 'time';

/** The horizontal axis of a run's charts: places steps, and knows how far it reaches. */
export interface RunAxis {
  readonly kind: AxisKind;
  /** Right end; the left end is 0. */
  readonly max: number;
  /** Place of a step, from 0 (before the first) on; time is in seconds of training so far. */
  place(step: number): number;
  /** The newest step that stands at or before a place. */
  stepAt(place: number): number;
}

/** What an axis is made from: when each step ended (ms, increasing), when the first began, how many make an epoch. */
export interface RunClock {
  readonly times: Series;
  readonly began: number;
  readonly stepsPerEpoch: number;
}

/**
 * The axis over all steps of a run. It ends with the epoch that is under way, so that the curve
 * fills its frame and the frame moves only from epoch to epoch.
 */
export function runAxis(kind: AxisKind, clock: RunClock): RunAxis {
  const { times, began, stepsPerEpoch } = clock;
  const epochs = Math.max(1, Math.ceil(times.length / stepsPerEpoch));
  if (kind === 'time') {
    const place = (step: number) =>
      step <= 0 ? 0 : Math.max(0, times.at(Math.min(step, times.length) - 1) - began) / 1000 || 0;
    return {
      kind,
      max: niceCeiling(Math.max(10, place(times.length))),
      place,
      stepAt: (at) => countUpTo(times, began + at * 1000),
    };
  }
  const unit = kind === 'epoch' ? stepsPerEpoch : 1;
  return {
    kind,
    max: (epochs * stepsPerEpoch) / unit,
    place: (step) => step / unit,
    stepAt: (at) => Math.max(0, Math.min(times.length, Math.floor(at * unit + 1e-9))),
  };
}

/** The axis of a run's charts. */
export function axisOf(run: RunRecord, kind: AxisKind): RunAxis {
  return runAxis(kind, {
    times: run.times,
    began: run.trainingBegan ?? 0,
    stepsPerEpoch: run.plan?.stepsPerEpoch ?? Math.max(1, run.losses.length),
  });
}

/** A part of a horizontal axis. */
export interface View {
  readonly min: number;
  readonly max: number;
}

/** Which steps stand in which column of the screen. */
export interface Columns {
  /** Steps left of the first column. */
  readonly start: number;
  /** Steps left of the end of each column: column `c` holds steps `ends[c - 1] + 1` to `ends[c]`. */
  readonly ends: Uint32Array;
}

/**
 * Cuts a part of an axis into columns of equal width on the screen. The last step left of it stands in the first
 * column and the first one right of it in the last, so that a line goes on to both edges.
 */
export function columnsOf(axis: RunAxis, view: View, steps: number, count: number): Columns {
  const ends = new Uint32Array(count);
  const width = view.max - view.min;
  const until = (place: number) => Math.min(steps, Math.max(0, axis.stepAt(place)));
  for (let column = 0; column < count; column++)
    ends[column] = until(view.min + (width * (column + 1)) / count);
  if (count > 0) ends[count - 1] = Math.min(steps, ends[count - 1]! + 1);
  return { start: view.min <= 0 ? 0 : Math.max(0, until(view.min) - 1), ends };
}

/** How many numbers of an increasing series are at most `limit`. */
function countUpTo(series: Series, limit: number): number {
  let low = 0;
  let high = series.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (series.at(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The next of 10, 15, 20, 30, 40, 60, 80, 100 and their tenfolds: a frame that rarely moves. */
function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 1.5, 2, 3, 4, 6, 8].find((f) => f * power >= value) ?? 10;
  return factor * power;
}
