import { axisOf, columnsOf, type AxisKind, type RunAxis, type View } from '../../charts/axis.ts';
import { lasts, spikes, type Point } from '../../charts/decimate.ts';
import type { Curve } from '../../charts/line-chart.ts';
import {
  metricNames,
  pointAt,
  quantityOf,
  type Quantity,
  type QuantityName,
} from '../../charts/quantity.ts';
import type { RunRecord } from '../../stores/run-record.ts';

/** A run in a chart of several. */
export interface CurvesOfRun {
  readonly id: string;
  readonly name: string;
  /** Its colour, as a canvas takes it. */
  readonly color: string;
  /** Whether a run before it has the same colour. */
  readonly dashed: boolean;
  readonly record: RunRecord;
  readonly axis: RunAxis;
  readonly quantity: Quantity;
}

/** What charts of these runs can show: loss, metrics and learning rate of any of them. */
export function quantitiesOf(records: readonly RunRecord[]): QuantityName[] {
  const metrics = new Set(records.flatMap(metricNames));
  const rated = records.some(({ rates }) => rates.length > 0);
  return [
    'loss',
    ...[...metrics].map((name) => `metric/${name}` as const),
    ...(rated ? (['rate'] as const) : []),
  ];
}

/** A run's own axis and quantity, for drawing it among others. */
export function curvesOfRun(
  run: Pick<CurvesOfRun, 'id' | 'name' | 'color' | 'dashed' | 'record'>,
  kind: AxisKind,
  name: QuantityName,
): CurvesOfRun {
  return { ...run, axis: axisOf(run.record, kind), quantity: quantityOf(run.record, name, null) };
}

/**
 * The curves of several runs on a plot so many pixels wide: validation bold with a dot an epoch; training thin below
 * it, or bold where there is no validation.
 */
export function overlaid(runs: readonly CurvesOfRun[], view: View, width: number): Curve[] {
  const bold: Curve[] = [];
  const thin: Curve[] = [];
  for (const { name, color, dashed, axis, quantity } of runs) {
    const place = (step: number) => axis.place(step);
    const line = { name, color, ...(dashed && { dash: [6, 4] }) };
    const epochs = (points: Quantity['validation']): Point[] =>
      points.map(({ step, value }) => ({ x: place(step), y: value }));
    const hasValidation = quantity.validation.length > 0;
    if (hasValidation)
      bold.push({ ...line, points: epochs(quantity.validation), width: 2, radius: 2.5 });
    const training = hasValidation ? thin : bold;
    const look = hasValidation ? { width: 1 } : { width: 1.75 };
    const series = quantity.smooth ?? quantity.raw;
    if (series) {
      const columns = columnsOf(axis, view, series.length, Math.max(1, Math.round(width)));
      const points = (quantity.smooth ? lasts : spikes)(series, columns, place);
      training.push({ ...line, points, ...look });
    } else if (quantity.training.length > 0)
      training.push({ ...line, points: epochs(quantity.training), ...look });
  }
  return [...bold, ...thin];
}

/** What a run's curves say at a place of the horizontal axis; null beyond its end. */
export function valuesAt(
  { axis, quantity, record }: CurvesOfRun,
  place: number,
): { readonly validation: number | null; readonly training: number | null } | null {
  if (place > axis.place(record.losses.length) + 1e-9 && record.losses.length > 0) return null;
  const step = axis.stepAt(Math.max(0, place));
  const series = quantity.smooth ?? quantity.raw;
  const atStep = series && step > 0 ? series.at(step - 1) : NaN;
  const training = series ? atStep : (pointAt(quantity.training, step)?.value ?? NaN);
  return {
    validation: pointAt(quantity.validation, step)?.value ?? null,
    training: Number.isNaN(training) ? null : training,
  };
}
