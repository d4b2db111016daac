import type { RunRecord } from '../stores/run-record.ts';
import { metricNames } from './quantity.ts';

/**
 * Every point of a run's curves as CSV: one line a step, from step 0. Seconds count from the begin of the first step,
 * without rests; what there is no value for is empty.
 */
export function pointsCsv(run: RunRecord): string {
  const { losses, times, rates, trainingBegan } = run;
  const perEpoch = run.plan?.stepsPerEpoch ?? 0;
  const names = metricNames(run).flatMap((name) => [name, `val_${name}`]);
  const ends = new Map(run.epochs.map((epoch) => [epoch.step, epoch]));
  const lines = [['step', 'epoch', 'seconds', 'loss', 'val_loss', 'learning_rate', ...names]];
  for (let step = 0; step <= losses.length; step++) {
    const seconds = step === 0 ? 0 : (times.at(step - 1) - (trainingBegan ?? 0)) / 1000;
    const end = ends.get(step);
    const rate = rates.at(step - 1);
    lines.push([
      String(step),
      perEpoch > 0 ? String(Math.ceil(step / perEpoch)) : '',
      seconds.toFixed(3),
      step === 0 ? '' : String(losses.at(step - 1)),
      String(end?.valLoss ?? ''),
      step === 0 || Number.isNaN(rate) ? '' : String(rate),
      ...names.map((name) => String(end?.logs?.[name] ?? '')),
    ]);
  }
  return lines.map((line) => line.join(',')).join('\n') + '\n';
}
