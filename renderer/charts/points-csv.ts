import type { RunRecord } from '../stores/run-record.ts';

/**
 * Every point of a run's curves as CSV: one line a step, from step 0. Seconds count from the begin of
 * the first step; what there is no value for is empty.
 */
export function pointsCsv(run: RunRecord): string {
  const { losses, times, trainingBegan } = run;
  const perEpoch = run.plan?.stepsPerEpoch ?? 0;
  const validation = new Map(run.epochs.map((epoch) => [epoch.step, epoch.valLoss]));
  const lines = ['step,epoch,seconds,loss,val_loss'];
  for (let step = 0; step <= losses.length; step++) {
    const epoch = perEpoch > 0 ? Math.ceil(step / perEpoch) : '';
    const seconds = step === 0 ? 0 : (times.at(step - 1) - (trainingBegan ?? 0)) / 1000;
    const loss = step === 0 ? '' : losses.at(step - 1);
    lines.push([step, epoch, seconds.toFixed(3), loss, validation.get(step) ?? ''].join(','));
  }
  return lines.join('\n') + '\n';
}
