import { z } from 'zod';
import type { RateCurve, RateRange } from '../keras/rate-finder.ts';
import { trainingSettings, type TrainingSettings } from '../keras/training-settings.ts';
import type { ErrorInfo } from './events.ts';

/** How far the search for a learning rate is. */
export type RateSearch =
  | { readonly state: 'none' }
  /** Without a curve the data and the engine are made ready. */
  | { readonly state: 'running'; readonly curve?: RateCurve }
  | { readonly state: 'done'; readonly curve: RateCurve }
  | { readonly state: 'failed'; readonly error: ErrorInfo };

/** What the service offers to find a learning rate. */
export interface RateService {
  /** Begins to train the project's model with ever larger rates, in place of a search that is under way. */
  startRateSearch(query: { settings: TrainingSettings; range: RateRange }): Promise<void>;
  /** How far it is. */
  rateSearch(): Promise<RateSearch>;
  /** Ends it with the curve as it is. */
  endRateSearch(): Promise<void>;
}

/** The arguments of each method, as the service checks them. */
export const rateRequests = {
  startRateSearch: z.tuple([
    z.strictObject({
      settings: trainingSettings,
      range: z.strictObject({
        from: z.number().positive().max(1000),
        to: z.number().positive().max(1000),
        steps: z.int().min(2).max(100_000),
      }),
    }),
  ]),
  rateSearch: z.tuple([]),
  endRateSearch: z.tuple([]),
} satisfies { [M in keyof RateService]: z.ZodType<Parameters<RateService[M]>> };
