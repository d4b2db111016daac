import { z } from 'zod';
import type { JsonObject } from './spec.ts';

/** A Keras object in a setting: its class (or Keras's short name) and configuration. */
const kerasObject = z.strictObject({
  class_name: z.string().min(1),
  config: z.record(z.string(), z.json()).default({}) as unknown as z.ZodType<JsonObject>,
});

/** How a model trains: what Keras takes in `compile` and `fit`, with the data and the engine. */
export const trainingSettings = z.strictObject({
  /** Id of the model in the project's spec. */
  model: z.string().min(1),
  /** A built-in dataset's name, or a path. */
  data: z.string().min(1).default('mnist'),
  /** What the targets are: the inputs themselves, or the labels. */
  task: z.enum(['reconstruct', 'classify']).default('reconstruct'),
  epochs: z.int().positive().max(1_000_000).default(10),
  batch_size: z.int().positive().max(1_000_000).default(128),
  /** Uses only the first so many training (and at most as many validation) samples; null: all. */
  limit: z.int().positive().nullable().default(null),
  seed: z.int().nonnegative().max(0xffffffff).default(0),
  engine: z.enum(['auto', 'tensorflow', 'onnx']).default('auto'),
  optimizer: kerasObject.default({ class_name: 'Adam', config: {} }),
  loss: z.string().min(1).default('mean_squared_error'),
});

export type TrainingSettings = z.infer<typeof trainingSettings>;
