import { z } from 'zod';
import { tasks } from './mapping.ts';
import { preprocessing } from './preprocessing.ts';
import { sketchPattern } from './sketch.ts';

const tie = z.object({
  role: z.enum(['input', 'output']),
  port: z.string(),
  columns: z.array(z.string()),
  as: z.enum(['values', 'index', 'one-hot', 'number']),
  noisy: z.boolean(),
  why: z.enum(['chosen', 'name', 'task', 'shape']),
});

const column = z.object({
  name: z.string(),
  kind: z.enum(['image', 'class', 'numbers']),
  /** Names of the classes in the order of their numbers. */
  classes: z.array(z.string()).optional(),
});

/** The data that a run trains on, as its `run.json` keeps it: what it is, and all that is done to it. */
export const runData = z.object({
  name: z.string(),
  /** Hash of the content of all samples, their classes and parts. */
  hash: z.string(),
  /** All samples, whatever of them is used. */
  samples: z.int().nonnegative(),
  /** By which it is told how many samples differ from another state: see sketch.ts. */
  sketch: z.string().regex(sketchPattern).optional(),
  columns: z.array(column).optional(),
  task: z.enum(tasks),
  /** For people, in English: how it was split. */
  split: z.string(),
  /** Samples that are not used because they lack a value in one of these columns, which the model needs. */
  leftOut: z.object({ samples: z.int().positive(), columns: z.array(z.string()) }).optional(),
  /** Of every column of images and numbers, complete. */
  preprocessing,
  /** What goes into which input, and what which output learns. */
  ties: z.array(tie),
});

export type RunData = Readonly<z.infer<typeof runData>>;

/** Which samples are not used, for people, in English. */
export function leftOutInWords({ samples, columns }: NonNullable<RunData['leftOut']>): string {
  const [count, are] =
    samples === 1 ? ['1 sample', 'is'] : [`${samples.toLocaleString('en')} samples`, 'are'];
  return `${count} without ${columns.join(' or ')} ${are} left out: the model needs it`;
}

/** The first signs of a hash, enough to tell contents apart by eye. */
export function shortHash(hash: string): string {
  return hash.slice(0, 12);
}
