import { z } from 'zod';
import { dataKinds } from '../api/data.ts';

/** Corrections to what is recognised in a file or folder; what is left out is recognised by itself. */
export const recognition = z.strictObject({
  /** What the data are taken for. */
  kind: z.enum(dataKinds).optional(),
  /**
   * By the name of a column or array in the file (`column 3` without a header): an image, one of several classes,
   * numbers of their own, numbers that go together with all other `features`, the sample's split, or nothing of use.
   */
  columns: z
    .record(z.string(), z.enum(['image', 'class', 'numbers', 'features', 'split', 'ignore']))
    .optional(),
  /** CSV: whether the first line names the columns. */
  header: z.boolean().optional(),
  /** CSV: the character between cells. */
  delimiter: z.string().length(1).optional(),
  /** Height, width and channels of one image where pixels are stored as a row of numbers. */
  imageShape: z.tuple([z.int().positive(), z.int().positive(), z.int().positive()]).optional(),
  /** Image folders: whether a class is a folder at the top or one that holds images itself. */
  classFolders: z.enum(['top', 'innermost']).optional(),
});

export type Recognition = z.infer<typeof recognition>;
