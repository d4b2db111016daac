import { z } from 'zod';

const share = z.number().min(0).max(0.95);

/** Which samples are trained on, and which the model is judged by. */
export const split = z.strictObject({
  /**
   * `given`: the dataset's own parts; `ratio`: validation is drawn from what is there to train on; `auto`: as given
   * where there is a part to validate on, else by ratio.
   */
  by: z.enum(['auto', 'given', 'ratio']).default('auto'),
  /** The share for validation. */
  validation: share.default(0.2),
  /** The share that is kept out of both. */
  test: share.default(0),
  /** Every class has its share in every part. */
  stratify: z.boolean().default(true),
  /** Its own, so that another seed of the training keeps the same samples apart. */
  seed: z.int().nonnegative().max(0xffffffff).default(0),
});

export type Split = z.infer<typeof split>;
