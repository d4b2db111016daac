import { z } from 'zod';
import { augmentation } from './augmentation.ts';
import { tasks } from './mapping.ts';
import { noise } from './noise.ts';
import { imagePreprocessing, normalization } from './preprocessing.ts';
import { recogniseOptions } from './recognise.ts';
import { split } from './split.ts';

/** What is set of a column's preprocessing; the rest follows from the model and the data. */
const columnSettings = imagePreprocessing
  .omit({ kind: true })
  .extend({
    /** `standard`: mean and standard deviation of the training samples. */
    normalize: z.union([z.literal('standard'), normalization, z.null()]),
  })
  .partial();

export type ColumnSettings = z.infer<typeof columnSettings>;

/** The name that stands for all columns in the settings of preprocessing. */
export const ALL_COLUMNS = '*';

/** One column, or several of a number each, stacked. */
const chosen = z.record(
  z.string(),
  z.union([z.string().min(1), z.array(z.string().min(1)).min(1)]),
);

/** The part of the training settings that shapes data to the model. */
export const dataSettings = {
  /** A built-in dataset's name, or a path. */
  data: z.string().min(1).default('mnist'),
  /** What is recognised in it otherwise than by itself. */
  recognise: recogniseOptions.prefault({}),
  /** What the model learns to do with the data. */
  task: z.enum(tasks).default('reconstruct'),
  /** By column; `*` for all that go into the model. */
  preprocessing: z.record(z.string(), columnSettings).default({}),
  split: split.prefault({}),
  /** Columns by the names of inputs and outputs, where they are not to be found by name and shape. */
  columns: z.strictObject({ inputs: chosen.default({}), outputs: chosen.default({}) }).prefault({}),
  noise: noise.prefault({}),
  augmentation: augmentation.prefault({}),
};

/** Settings moved to other data: what was set for the columns of the old is gone. */
export function withData<S extends DataSettings>(settings: S, data: string): S {
  if (data === settings.data) return settings;
  const untouched = z
    .object(dataSettings)
    .pick({ recognise: true, preprocessing: true, columns: true });
  return { ...settings, data, ...untouched.parse({}) };
}

export type DataSettings = z.infer<z.ZodObject<typeof dataSettings>>;
