import { z } from 'zod';

/** A place below the run's folder, or an absolute one. */
const place = z.string().min(1).max(500);

export const csvLoggerConfig = z.strictObject({
  filename: place.default('training.csv'),
  separator: z.string().length(1).default(','),
  append: z.boolean().default(false),
});

export const tensorBoardConfig = z.strictObject({
  log_dir: place.default('logs'),
  /** Every so many epochs; 0: never. */
  histogram_freq: z.int().nonnegative().default(0),
  /** Whether weights are written as images too, with their histograms. */
  write_images: z.boolean().default(false),
  write_steps_per_second: z.boolean().default(false),
  /** `batch`, `epoch`, or every so many batches. */
  update_freq: z.union([z.enum(['batch', 'epoch']), z.int().positive()]).default('epoch'),
});
