import { StudioError } from '../../shared/api/errors.ts';
import { createRateFinder, type RateCurve } from '../../shared/keras/rate-finder.ts';
import { LEARNING_RATE } from '../../shared/program/step.ts';
import { scalar } from '../../shared/program/tensor.ts';
import { batches, shuffledOrder } from '../data/batches.ts';
import { adapt } from './adapt.ts';
import type { RateJob } from './contract.ts';
import { openSession } from './session.ts';

/**
 * Trains fresh weights with ever larger learning rates for a moment, and says how the loss fared. `tell` hears of the
 * curve so far now and then. When `stop` is aborted, the curve ends there.
 */
export async function findRate(
  { model, settings, range }: RateJob,
  tell: (curve: RateCurve) => void,
  stop: AbortSignal,
): Promise<RateCurve> {
  const finder = createRateFinder(range);
  const session = await openSession({ model, settings }, stop, null, {
    onImport: () => {},
    tell: async () => {},
  });
  if (!session) throw new StudioError('SEARCH_ENDED', 'the search was ended before its first step');
  const { data, variables, engine } = session;
  await adapt(session, model, settings, stop, () => {});
  let told = 0;
  let done = 0;
  try {
    for (let epoch = 1; finder.next() !== null && !stop.aborted; epoch++) {
      const order = shuffledOrder(data.training.size, settings.seed, epoch);
      for await (const batch of batches(data.training, order, settings.batch_size)) {
        const rate = finder.next();
        if (rate === null || stop.aborted) break;
        const feeds = { ...(await session.stepFeeds(batch, done)), [LEARNING_RATE]: scalar(rate) };
        const outputs = await session.step.run(variables, feeds);
        finder.take(outputs['loss']!.data[0]!);
        done += 1;
        if (performance.now() - told > 200) {
          tell(finder.curve());
          told = performance.now();
        }
        await new Promise(setImmediate);
      }
    }
    return finder.curve();
  } finally {
    await engine.dispose();
  }
}
