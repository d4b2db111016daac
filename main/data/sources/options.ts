import type { SourceKind } from '../source.ts';

/** Corrections to what is recognised by itself: plain data, so that a project can keep them. */
export interface RecogniseOptions {
  /** What the data are taken for. */
  readonly kind?: SourceKind;
  /** By the name of a column or array in the file (`column 3` without a header): what it is taken for. */
  readonly columns?: Readonly<Record<string, ColumnRole>>;
  /** CSV: whether the first line names the columns. */
  readonly header?: boolean;
  /** CSV: the character between cells. */
  readonly delimiter?: string;
  /** Height, width and channels of one image where pixels are stored as a row of numbers. */
  readonly imageShape?: readonly [number, number, number];
  /** Image folders: whether a class is a folder at the top or one that holds images itself. */
  readonly classFolders?: 'top' | 'innermost';
}

/**
 * What a column holds: an image (its path, its bytes or its pixels), one of several classes, numbers of their own,
 * numbers that go together with all other `features`, the split of the sample, or nothing of use.
 */
export type ColumnRole = 'image' | 'class' | 'numbers' | 'features' | 'split' | 'ignore';
