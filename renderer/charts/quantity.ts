import type { RunRecord } from '../stores/run-record.ts';
import { columnsOf, type RunAxis, type View } from './axis.ts';
import { lasts, spikes, type Point } from './decimate.ts';
import type { Curve } from './line-chart.ts';
import type { Series } from './series.ts';
import { smoothed, usualWeight } from './smoothing.ts';

/** What a chart of a run shows: the loss, the learning rate, or a metric by Keras's name. */
export type QuantityName = 'loss' | 'rate' | `metric/${string}`;

/** A value at the end of an epoch. */
export interface EpochPoint {
  readonly step: number;
  readonly epoch: number;
  readonly value: number;
}

/** A quantity of a run as it is known: step by step, or by epochs. */
export interface Quantity {
  /** The value of step `i + 1`, and the same smoothed. */
  readonly raw: Series | null;
  readonly smooth: Series | null;
  readonly training: readonly EpochPoint[];
  readonly validation: readonly EpochPoint[];
  readonly best: EpochPoint | null;
}

/** Smoothing as somebody chose it: the share of what is old, 0 to 0.999; null leaves it to the run's length. */
export type Smoothing = number | null;

/** The quantity of this name. What a run does not have is empty. */
export function quantityOf(run: RunRecord, name: QuantityName, smoothing: Smoothing): Quantity {
  const none = { raw: null, smooth: null, training: [], validation: [], best: null };
  if (name === 'rate') return { ...none, raw: run.rates };
  if (name === 'loss') {
    const weight = smoothing === null ? usualWeight(run.plan?.stepsPerEpoch) : 1 - smoothing;
    return {
      ...none,
      raw: run.losses,
      smooth: smoothing === 0 ? null : smoothed(run.losses, weight),
      validation: pointsOf(run, ({ valLoss }) => valLoss),
      best: run.best?.valLoss == null ? null : { ...run.best, value: run.best.valLoss },
    };
  }
  const key = name.slice('metric/'.length);
  return {
    ...none,
    training: pointsOf(run, ({ logs }) => logs?.[key]),
    validation: pointsOf(run, ({ logs }) => logs?.[`val_${key}`]),
  };
}

/** The metrics of a run that are one number, and the losses of single outputs, by Keras's names without `val_`. */
export function metricNames(run: RunRecord): string[] {
  const names = run.epochs.flatMap(({ logs }) =>
    Object.entries(logs ?? {}).flatMap(([name, value]) =>
      typeof value === 'number' ? [name.replace(/^val_/, '')] : [],
    ),
  );
  return [...new Set(names)];
}

type Epoch = RunRecord['epochs'][number];

function pointsOf(run: RunRecord, value: (epoch: Epoch) => unknown): EpochPoint[] {
  return run.epochs.flatMap((epoch) => {
    const now = value(epoch);
    return typeof now === 'number' ? [{ step: epoch.step, epoch: epoch.epoch, value: now }] : [];
  });
}

/** The colours of a quantity's curves, as a canvas takes them. */
export interface QuantityColors {
  readonly run: string;
  readonly train: string;
  readonly raw: string;
}

/** The names of a quantity's curves, for a legend. */
export interface QuantityTexts {
  readonly validation: string;
  readonly training: string;
  readonly raw: string;
}

/** A quantity as curves on a plot so many pixels wide, the uppermost first. */
export function curvesOf(
  quantity: Quantity,
  axis: RunAxis,
  view: View,
  width: number,
  colors: QuantityColors,
  texts: QuantityTexts,
): Curve[] {
  const { raw, smooth, training, validation } = quantity;
  const place = (step: number) => axis.place(step);
  const columns = columnsOf(axis, view, raw?.length ?? 0, Math.max(1, Math.round(width)));
  const byEpoch = (points: readonly EpochPoint[]): Point[] =>
    points.map(({ step, value }) => ({ x: place(step), y: value }));
  const curves: (Curve | null)[] = [
    validation.length > 0
      ? {
          name: texts.validation,
          points: byEpoch(validation),
          color: colors.run,
          width: 2,
          radius: 3,
        }
      : null,
    training.length > 0
      ? {
          name: texts.training,
          points: byEpoch(training),
          color: colors.train,
          width: 1.75,
          radius: 2.5,
        }
      : null,
    smooth && {
      name: texts.training,
      points: lasts(smooth, columns, place),
      color: colors.train,
      width: 1.75,
    },
    raw && {
      name: smooth ? texts.raw : texts.training,
      points: spikes(raw, columns, place),
      color: smooth ? colors.raw : colors.train,
      width: smooth ? 1 : 1.5,
    },
  ];
  return curves.filter((curve) => curve !== null);
}

/** The newest point at or before a step. */
export function pointAt(points: readonly EpochPoint[], step: number): EpochPoint | null {
  return points.findLast((point) => point.step <= step) ?? null;
}
