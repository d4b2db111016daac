import type { DataKind, DataProblem } from '../../shared/api/data.ts';
import type { TypedArray } from './typed-array.ts';

export type { DataProblem };

/** What was recognised in a file or folder: samples that are not decoded yet. */
export interface Source {
  readonly kind: SourceKind;
  readonly name: string;
  /** Absolute path of the file or folder. */
  readonly root: string;
  /** Changes when any content may have changed, where that is known without a look at the samples: one file's size and time. */
  readonly stamp?: string;
  /** What was recognised, for people, in English: `12 class folders with 4,310 images`. */
  readonly recognised: string;
  readonly columns: readonly SourceColumn[];
  /** The columns or arrays of the files, by the names that `RecogniseOptions.columns` corrects them by. */
  readonly fields?: readonly string[];
  /** As given; a source without splits has the one split `all`. */
  readonly splits: readonly SourceSplit[];
  /** What was found wrong while looking, without decoding. */
  readonly problems: readonly DataProblem[];
}

export type SourceKind = DataKind;

/** What the samples hold under one name. */
export interface SourceColumn {
  readonly name: string;
  readonly kind: 'image' | 'class' | 'numbers';
  /** Of one value, where it is the same for all and known without decoding. Images are height, width, channels. */
  readonly shape?: readonly number[];
  /** Names of the classes; a class value is an index into them. */
  readonly classes?: readonly string[];
}

export interface SourceSplit {
  readonly name: 'all' | 'train' | 'validation' | 'test';
  readonly size: number;
  /** The samples in their order, from number `from` on; memory stays bounded while they are read. */
  samples(from?: number): AsyncIterable<SourceSample>;
}

export interface SourceSample {
  /** Unique in its source, for people: the path below the root, `train.csv:17`. */
  readonly name: string;
  /** Changes when the content may have changed: a file's size and time, a hash of the bytes. */
  readonly stamp: string;
  /** By column; null where it is missing: a label or numbers may be, an image may not. */
  readonly values: Readonly<Record<string, SourceValue | null>>;
}

/** One value before preprocessing. */
export type SourceValue =
  /** An encoded image in a file of its own, by absolute path. */
  | { readonly kind: 'file'; readonly path: string }
  /** An encoded image. */
  | { readonly kind: 'encoded'; readonly bytes: Uint8Array }
  /** Pixels (height, width, channels) or numbers as they are stored. */
  | { readonly kind: 'raw'; readonly shape: readonly number[]; readonly data: TypedArray }
  | { readonly kind: 'class'; readonly index: number };
