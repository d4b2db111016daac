import type { LayerId, ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { nextAdaptRound } from '../../shared/program/adapt.ts';
import { batches, naturalOrder } from '../data/batches.ts';
import type { Session } from './session.ts';

/**
 * Gives every Normalization layer without a mean the mean and variance of what it gets for the training samples, as
 * Keras's `adapt` does before `fit`. `onBatch` hears of each batch of the pass that is under way. Ends early when
 * `stop` is aborted.
 */
export async function adapt(
  session: Session,
  model: ModelSpec,
  settings: TrainingSettings,
  stop: AbortSignal,
  onBatch: (done: number, total: number) => void,
): Promise<void> {
  const { training } = session.data;
  const total = Math.ceil(training.size / settings.batch_size);
  const adapted = new Set<LayerId>();
  for (;;) {
    const round = nextAdaptRound(model, settings.model, adapted);
    if (!round) return;
    const executable = await session.engine.compile(round.program);
    let done = 0;
    const order = naturalOrder(training.size);
    for await (const batch of batches(training, order, settings.batch_size)) {
      if (stop.aborted) break;
      const feeds = session.feeds(batch, { updates: done });
      round.take(await executable.run(session.variables, feeds));
      onBatch((done += 1), total);
    }
    await executable.dispose();
    if (stop.aborted) return;
    await session.variables.write(round.variables());
    round.layers.forEach((layer) => adapted.add(layer));
  }
}
