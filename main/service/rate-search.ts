import type { RateSearch, RateService } from '../../shared/api/rate-search.ts';
import { encodeError } from '../../shared/api/errors.ts';
import type { RateCurve } from '../../shared/keras/rate-finder.ts';
import type { RateJob } from '../trainer/contract.ts';
import { openTrainer, type Trainer } from './trainer-link.ts';
import type { StartTrainer } from './trainer-process.ts';

/** Searches a learning rate in a trainer of its own, and tells the curve so far. `end` keeps what was found until then. */
export function searchRate(
  startTrainer: StartTrainer,
  job: RateJob,
  tell: (curve: RateCurve) => void,
): { readonly curve: Promise<RateCurve>; end(): void; kill(): Promise<unknown> } {
  const trainer: Trainer = openTrainer(startTrainer, { rateTried: tell });
  const curve = trainer.service.findRate(job).finally(() => trainer.end());
  return {
    curve,
    end: () => void trainer.service.stop().catch(() => {}),
    kill: () => trainer.end(),
  };
}

/** The search of a project, one at a time; windows ask how far it is. */
export function createRateSearch(
  startTrainer: StartTrainer,
  jobOf: (query: Parameters<RateService['startRateSearch']>[0]) => Promise<RateJob>,
): RateService & { close(): Promise<void> } {
  let state: RateSearch = { state: 'none' };
  let running: ReturnType<typeof searchRate> | null = null;
  return {
    async startRateSearch(query) {
      await running?.kill();
      const job = await jobOf(query);
      state = { state: 'running' };
      const search = searchRate(startTrainer, job, (curve) => {
        if (running === search) state = { state: 'running', curve };
      });
      running = search;
      search.curve
        .then(
          (curve): RateSearch => ({ state: 'done', curve }),
          (error: unknown): RateSearch => ({ state: 'failed', error: encodeError(error) }),
        )
        .then((end) => {
          if (running !== search) return;
          running = null;
          state = end;
        })
        .catch(() => {});
    },
    rateSearch: async () => state,
    async endRateSearch() {
      running?.end();
    },
    async close() {
      await running?.kill();
    },
  };
}
