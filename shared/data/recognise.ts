import { z } from 'zod';
import { dataKinds } from '../api/data.ts';

/**
 * What a column holds: an image (its path, its bytes or its pixels), one of several classes, numbers of their own,
 * numbers that go together with all other `features`, the split of the sample, or nothing of use.
 */
export const columnRoles = ['image', 'class', 'numbers', 'features', 'split', 'ignore'] as const;
export type ColumnRole = (typeof columnRoles)[number];

const side = z.int().positive().max(65_535);

/** Corrections to what is recognised by itself. */
export const recogniseOptions = z.strictObject({
  /** What the data are taken for. */
  kind: z.enum(dataKinds).optional(),
  /** By the name of a column or array in the file (`column 3` without a header): what it is taken for. */
  columns: z.record(z.string(), z.enum(columnRoles)).optional(),
  /** CSV: whether the first line names the columns. */
  header: z.boolean().optional(),
  /** CSV: the character between cells. */
  delimiter: z.string().length(1).optional(),
  /** Height, width and channels of one image where pixels are stored as a row of numbers. */
  imageShape: z.tuple([side, side, side]).optional(),
  /** Image folders: whether a class is a folder at the top or one that holds images itself. */
  classFolders: z.enum(['top', 'innermost']).optional(),
});

export type RecogniseOptions = Readonly<z.infer<typeof recogniseOptions>>;
