import { isActive } from '../../shared/api/events.ts';
import type { RunRecord } from '../stores/run-record.ts';
import { columnEnds, runAxis, type AxisKind, type RunAxis } from './axis.ts';
import { lasts, spikes, type Point } from './decimate.ts';

/** What the loss chart draws. */
export interface LossCurves {
  readonly axis: RunAxis;
  /** Every step's training loss, thinned without hiding a spike; the same smoothed; one point an epoch. */
  readonly raw: readonly Point[];
  readonly smoothed: readonly Point[];
  readonly validation: readonly Point[];
  readonly best: Point | null;
  /** The newest step while the run is active. */
  readonly live: Point | null;
}

/** The axis of a run's charts. */
export function axisOf(run: RunRecord, kind: AxisKind): RunAxis {
  return runAxis(kind, {
    times: run.times,
    began: run.trainingBegan ?? 0,
    stepsPerEpoch: run.plan?.stepsPerEpoch ?? Math.max(1, run.losses.length),
  });
}

/** The curves of a run on a plot so many pixels wide. */
export function lossCurves(run: RunRecord, axis: RunAxis, width: number): LossCurves {
  const { losses, smoothed, epochs, best } = run;
  const ends = columnEnds(axis, losses.length, Math.max(1, Math.round(width)));
  const place = (step: number) => axis.place(step);
  const validation: Point[] = [];
  for (const { step, valLoss } of epochs) {
    if (valLoss !== null) validation.push({ x: axis.place(step), y: valLoss });
  }
  return {
    axis,
    raw: spikes(losses.values, ends, place),
    smoothed: lasts(smoothed.values, ends, place),
    validation,
    best: best?.valLoss != null ? { x: axis.place(best.step), y: best.valLoss } : null,
    live:
      isActive(run.state) && losses.length > 0
        ? { x: axis.place(losses.length), y: smoothed.at(-1) }
        : null,
  };
}

/**
 * The range of the vertical axis: all that is drawn, with some air. On a logarithmic axis it moves in
 * twentieths of a decade and values that are not positive are left out; a linear one starts at 0.
 */
export function valueRange(curves: LossCurves, log: boolean): { min: number; max: number } {
  let min = Infinity;
  let max = -Infinity;
  for (const points of [curves.raw, curves.smoothed, curves.validation]) {
    for (const { y } of points) {
      if (!Number.isFinite(y) || (log && y <= 0)) continue;
      if (y < min) min = y;
      if (y > max) max = y;
    }
  }
  if (min > max) return log ? { min: 0.01, max: 1 } : { min: 0, max: 1 };
  if (!log) {
    const air = (max - Math.min(0, min)) * 0.05 || 1;
    return { min: min < 0 ? min - air : 0, max: max + air };
  }
  const snap = (value: number, round: (n: number) => number) =>
    10 ** (round(Math.log10(value) * 20) / 20);
  return { min: snap(min * 0.93, Math.floor), max: snap(max * 1.07, Math.ceil) };
}
