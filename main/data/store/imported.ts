import type {
  ColumnStatistics,
  DataColumn,
  DataKind,
  ListedProblem,
  SplitName,
} from '../../../shared/api/data.ts';
import type { Preprocessing } from '../../../shared/data/preprocessing.ts';
import type { Dataset } from '../dataset.ts';

/*
 * The store, from a source to batches:
 *
 *   recognise(path)                                 -> Source             sources/
 *   suggestPreprocessing(source, signal?)           -> Preprocessing      suggest.ts: what fits the data itself
 *   importData(source, preprocessing, options)      -> ImportedData       import.ts: decodes into the cache what is new
 *   imported.all, selectSamples(dataset, numbers)   -> Dataset            ../dataset.ts: splits by ratio are selections
 *   batches(dataset, order, batchSize)              -> AsyncGenerator     ../batches.ts: read ahead
 *
 * An import that finds everything in the cache decodes nothing and only looks at names, sizes and times.
 */

/** How an import goes and where its cache is. */
export interface ImportOptions {
  /** Told about ten times a second. */
  readonly onProgress?: (progress: ImportProgress) => void;
  /** Aborted: what is decoded stays in the cache, and the import rejects with the code `CANCELLED`. */
  readonly signal?: AbortSignal;
  /** The cache's folder; `cacheFolder()/data` unless told. */
  readonly cache?: string;
}

/** How far an import is. */
export interface ImportProgress {
  /** `wait`: another process imports the same; `decode`; `report`: statistics and duplicates. */
  readonly phase: 'wait' | 'decode' | 'report';
  readonly done: number;
  readonly total: number;
  /** Of `done`, how many were in the cache. */
  readonly reused: number;
  readonly problems: number;
  /** Newly decoded samples a second; null until it is known. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
}

/** A source in the cache. Samples are numbered from 0 through all splits, in the source's order. */
export interface ImportedData {
  readonly name: string;
  readonly kind: DataKind;
  readonly recognised: string;
  /** Hash of the samples' content, classes and splits: the same wherever they lie and however they are preprocessed. */
  readonly hash: string;
  /** Tells how many samples differ from another state: see shared/data/sketch.ts. */
  readonly sketch: string;
  readonly columns: readonly DataColumn[];
  readonly preprocessing: Preprocessing;
  /** All samples that can be used. */
  readonly all: Dataset;
  /** The splits as given: consecutive ranges of `all`. */
  readonly splits: readonly ImportedSplit[];
  readonly report: ImportReport;
  /** The samples' names, for people. */
  names(numbers: ArrayLike<number>): Promise<string[]>;
  /**
   * PNG: the samples' images side by side, each within `side` x `side` px. Of the first column of images unless told;
   * null where there is none.
   */
  pictures(
    numbers: ArrayLike<number>,
    side: number,
    column?: string,
  ): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Closes the cache's files; datasets made of it can't be read any more. */
  close(): Promise<void>;
}

export interface ImportedSplit {
  readonly name: SplitName;
  readonly from: number;
  readonly dataset: Dataset;
}

/** What an import found. */
export interface ImportReport {
  readonly statistics: readonly ColumnStatistics[];
  /** Samples whose content another sample has as well. */
  readonly duplicates: number;
  /** The first 1000 of each code; `problemCounts` counts all. */
  readonly problemList: readonly ListedProblem[];
  readonly problemCounts: Readonly<Record<string, number>>;
  readonly cacheBytes: number;
}
