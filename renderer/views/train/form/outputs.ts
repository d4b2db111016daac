import type { OutputSettings } from '../../../../shared/keras/compile-settings.ts';
import type { TrainingSettings } from '../../../../shared/keras/training-settings.ts';

type PerOutput = Pick<TrainingSettings, 'loss' | 'loss_weights' | 'metrics' | 'weighted_metrics'>;

/** What each output learns from as Keras's `compile` takes it: plain for one output, else by the outputs' names. */
export function withOutputs(outputs: readonly OutputSettings[]): PerOutput {
  const [only] = outputs;
  if (outputs.length === 1)
    return {
      loss: only!.loss ?? 'mean_squared_error',
      loss_weights: only!.weight === 1 ? null : [only!.weight],
      metrics: [...only!.metrics],
      weighted_metrics: [...only!.weightedMetrics],
    } as PerOutput;
  const byName = <T>(of: (output: OutputSettings) => T, isKept: (value: T) => boolean) =>
    Object.fromEntries(
      outputs
        .map((output) => [output.name, of(output)] as const)
        .filter(([, value]) => isKept(value)),
    );
  const any = (list: readonly unknown[]) => list.length > 0;
  return {
    loss: byName(
      (output) => output.loss,
      () => true,
    ),
    loss_weights: byName(
      (output) => output.weight,
      () => true,
    ),
    metrics: byName((output) => [...output.metrics], any),
    weighted_metrics: byName((output) => [...output.weightedMetrics], any),
  } as PerOutput;
}
