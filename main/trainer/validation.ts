import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { createTally, type Logs } from '../../shared/program/tally.ts';
import { batches, naturalOrder } from '../data/batches.ts';
import type { Training } from './training.ts';

/**
 * Loss and metrics over the validation samples, or null when `between` says after a batch that the training is to stop.
 * `onBatch` hears about ten times a second how many batches are done.
 */
export async function evaluate(
  at: Training,
  { batch_size: batchSize }: Pick<TrainingSettings, 'batch_size'>,
  {
    onBatch,
    between,
  }: { onBatch: (done: number, total: number) => void; between: () => Promise<boolean> },
): Promise<Logs | null> {
  const { validation } = at.session.data;
  const total = Math.ceil(validation.size / batchSize);
  const tally = createTally(at.session.compiled.metrics);
  let [done, told] = [0, 0];
  for await (const batch of batches(validation, naturalOrder(validation.size), batchSize)) {
    if (!(await between())) return null;
    const feeds = at.session.feeds(batch, 'validation');
    tally.add(await at.session.evaluate.run(at.session.variables, feeds), batch.size);
    done += 1;
    if (done === total || performance.now() - told > 100) {
      onBatch(done, total);
      told = performance.now();
    }
  }
  return tally.logs();
}
