import { z } from 'zod';
import type { Preprocessing } from '../data/preprocessing.ts';
import type { ErrorInfo } from './events.ts';

/** What kinds of data are recognised. */
export const dataKinds = [
  'idx',
  'image-classes',
  'images',
  'image-pairs',
  'csv-images',
  'csv',
  'numpy',
  'parquet',
  'cifar',
] as const;
export type DataKind = (typeof dataKinds)[number];

/** The parts of a dataset as it is given; one without parts has the one part `all`. */
export const splitNames = ['all', 'train', 'validation', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

/** Something wrong with data, and what is done about it. */
export interface DataProblem {
  /** Stable: `unreadable`, `empty-class`, `missing-label`, `duplicate`, `leak`, `imbalance`, `wrong-size`, … */
  readonly code: string;
  /** The file, below the source's root; with a place inside it where that helps. */
  readonly path: string;
  /** For people, in English: what is wrong. */
  readonly message: string;
  /** For people, in English: what is done about it. */
  readonly action: string;
}

/** A dataset that the studio knows: built in, or used here before. */
export interface DatasetEntry {
  /** As `training.data` names it: a built-in name, or an absolute path on the service's machine. */
  readonly data: string;
  /** For people. */
  readonly name: string;
  /**
   * `ready` can be looked at; `new` is to be imported, which takes a moment where it is in the cache; `get` can be
   * downloaded; `changed` is no longer what was imported; `missing` is gone.
   */
  readonly state: 'ready' | 'new' | 'get' | 'changed' | 'missing';
  readonly builtIn: boolean;
  /** Bytes that a download takes, where the state is `get`. */
  readonly downloadBytes?: number;
  /** The host that it comes from. */
  readonly downloadFrom?: string;
  /** What is known of it: of the last import, or of built-in data. */
  readonly facts?: DatasetFacts;
  /** When it was last imported, in ms since 1970. */
  readonly used?: number;
}

/** A dataset in short. */
export interface DatasetFacts {
  readonly kind: DataKind;
  /** What was recognised, for people, in English. */
  readonly recognised: string;
  /** Hash of the content: the same for the same samples wherever they lie. Absent before an import. */
  readonly hash?: string;
  /** Samples that can be used. */
  readonly samples: number;
  readonly splits: readonly { readonly name: SplitName; readonly size: number }[];
  readonly columns: readonly DataColumn[];
  readonly problems: number;
}

/** What the samples of a dataset hold under one name. */
export interface DataColumn {
  readonly name: string;
  readonly kind: 'image' | 'class' | 'numbers';
  /** Of one value, where it is the same for all. Images are height, width, channels. */
  readonly shape?: readonly number[];
  readonly classes?: readonly string[];
}

/** An import that is under way or has ended. */
export interface DataImport {
  readonly id: string;
  /** For people: the name of the file or folder. */
  readonly name: string;
  readonly state: 'running' | 'done' | 'cancelled' | 'failed';
  readonly phase: 'upload' | 'download' | 'look' | 'decode' | 'report';
  readonly unit: 'files' | 'samples' | 'bytes';
  readonly done: number;
  /** Null while it is not known. */
  readonly total: number | null;
  /** Units a second; null until it is known. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
  /** What it became, once it is done: see DatasetEntry. */
  readonly data?: string;
  readonly error?: ErrorInfo;
}

/** Everything about a dataset that can be said of it as a whole. */
export interface DataReport extends DatasetFacts {
  readonly data: string;
  readonly name: string;
  /** The columns or arrays of the files, as a correction names them: the first 200. */
  readonly fields?: readonly string[];
  /** How it was brought into the cache, and what would suit the data by themselves. */
  readonly preprocessing: Preprocessing;
  readonly suggested: Preprocessing;
  readonly cacheBytes: number;
  readonly statistics: readonly ColumnStatistics[];
  /** Samples whose content another sample has as well. */
  readonly duplicates: number;
  /** The first of each code; `problemCounts` counts all. */
  readonly problemList: readonly ListedProblem[];
  readonly problemCounts: Readonly<Record<string, number>>;
}

/** What the values of a column are. */
export interface ColumnStatistics {
  readonly column: string;
  /** Samples of each class, by split. */
  readonly counts?: Readonly<Partial<Record<SplitName, readonly number[]>>>;
  /** Height, width and channels with how many images have them, the most common first. */
  readonly sizes?: readonly { readonly shape: readonly number[]; readonly count: number }[];
  /** By channel, in the units in which the values are stored. */
  readonly mean?: readonly number[];
  readonly deviation?: readonly number[];
  readonly min?: number;
  readonly max?: number;
  /** How many samples have no value, where some have none. */
  readonly missing?: number;
}

/** A problem with the sample that it is about, where there is one. */
export interface ListedProblem extends DataProblem {
  /** Number of the sample among all, counted from 0. */
  readonly sample?: number;
}

/** Which samples are meant; what is left out does not matter. */
export interface SampleFilter {
  readonly split?: SplitName | undefined;
  /** Index of the class in the first column of classes. */
  readonly label?: number | undefined;
  /** Code of a problem that the samples have. */
  readonly problem?: string | undefined;
}

/** Consecutive samples of those that a filter leaves, with small pictures of them. */
export interface SamplePage {
  /** How many samples the filter leaves. */
  readonly total: number;
  readonly samples: readonly SampleInfo[];
  /** PNG: the samples' pictures side by side, each `side` px wide and high; absent without a column of images. */
  readonly pictures?: Uint8Array;
  readonly side: number;
}

/** A sample as a grid shows it. */
export interface SampleInfo {
  /** Among all samples, counted from 0. */
  readonly number: number;
  readonly name: string;
  readonly split: SplitName;
  readonly label?: number;
  /** Codes of its problems. */
  readonly problems: readonly string[];
  /** Of a sample without images: see `shownNumbers`. */
  readonly values?: readonly number[];
}

/** Training samples before and after what a training does to them. Pictures are PNGs with all samples side by side. */
export interface DataPreview {
  readonly samples: number;
  /** Height, width and channels of a sample in its picture. */
  readonly shape: readonly [number, number, number];
  readonly original: Uint8Array;
  /** What goes into the model at each of the first steps. */
  readonly inputs: readonly Uint8Array[];
  /** What should come out then, where that is another picture. */
  readonly targets?: readonly Uint8Array[];
}

/** A file that is about to be uploaded. */
export interface OfferedFile {
  /** Below the upload's folder, with `/` between folders. */
  readonly path: string;
  readonly bytes: number;
  /** In ms since 1970. */
  readonly modified: number;
}

/** What the service wants of the files that were offered. */
export interface UploadTicket {
  /** Number of the delivery in its upload. */
  readonly ticket: number;
  /** Indices of the files that it does not have yet; their contents are sent one after the other. */
  readonly wanted: readonly number[];
}

/** Where data comes from. */
export type DataOrigin =
  /** Paths on the service's machine; several are gathered into one folder. */
  | { readonly paths: readonly string[] }
  /** An upload whose files have all come. */
  | { readonly upload: string }
  /** Data that the studio knows how to get. */
  | { readonly builtIn: string };

/** What the service offers about data. */
export interface DataService {
  /** The datasets that are known here, the last used first, built-in ones last. */
  datasets(): Promise<DatasetEntry[]>;
  /** Begins to import and gives the import's id at once; what happens then comes as `importChanged`. */
  importData(origin: DataOrigin): Promise<string>;
  /** Ends an import, an upload included. What was decoded is found again by the next one. */
  cancelImport(query: { id: string }): Promise<void>;
  /** Takes a dataset from the list; its files stay, but for those that were uploaded. */
  forgetData(query: { data: string }): Promise<void>;
  /** Looks whether the files of a dataset are still what was imported; a change is told as `datasetsChanged`. */
  checkData(query: { data: string }): Promise<void>;
  dataReport(query: { data: string }): Promise<DataReport>;
  samples(query: {
    data: string;
    filter: SampleFilter;
    from: number;
    count: number;
    side: number;
  }): Promise<SamplePage>;
  /** Announces an upload. Its id is a fingerprint of what it holds; the import's id is the same. */
  startUpload(upload: { id: string; name: string; files: number; bytes: number }): Promise<void>;
  /** Says which of these files are to be sent, to `/upload/<id>/<ticket>`. */
  offerFiles(offer: { id: string; files: readonly OfferedFile[] }): Promise<UploadTicket>;
  /** Asks for a folder or for files with the desktop's own dialog; none where the person chose nothing. */
  pickData(query: { folder: boolean }): Promise<string[]>;
}

/** What the service tells its windows about data. */
export interface DataListener {
  /** The newest state of an import. */
  importChanged(data: DataImport): void;
  datasetsChanged(datasets: readonly DatasetEntry[]): void;
}

const data = z.string().min(1).max(4096);
const uploadId = z.string().regex(/^[0-9a-f]{16,64}$/);
const split = z.enum(splitNames);
const count = z.int().nonnegative();

/** The arguments of the methods about data, as the service checks them. */
export const dataRequests = {
  datasets: z.tuple([]),
  importData: z.tuple([
    z.union([
      z.strictObject({ paths: z.array(data).min(1).max(10_000) }),
      z.strictObject({ upload: uploadId }),
      z.strictObject({ builtIn: z.string().min(1).max(100) }),
    ]),
  ]),
  cancelImport: z.tuple([z.strictObject({ id: z.string().min(1).max(100) })]),
  forgetData: z.tuple([z.strictObject({ data })]),
  checkData: z.tuple([z.strictObject({ data })]),
  dataReport: z.tuple([z.strictObject({ data })]),
  samples: z.tuple([
    z.strictObject({
      data,
      filter: z.strictObject({
        split: split.optional(),
        label: count.optional(),
        problem: z.string().max(100).optional(),
      }),
      from: count,
      count: z.int().positive().max(512),
      side: z.int().min(16).max(256),
    }),
  ]),
  startUpload: z.tuple([
    z.strictObject({ id: uploadId, name: z.string().min(1).max(1024), files: count, bytes: count }),
  ]),
  offerFiles: z.tuple([
    z.strictObject({
      id: uploadId,
      files: z
        .array(z.strictObject({ path: z.string().max(4096), bytes: count, modified: z.number() }))
        .max(2000),
    }),
  ]),
  pickData: z.tuple([z.strictObject({ folder: z.boolean() })]),
} satisfies { [M in keyof DataService]: z.ZodType<Parameters<DataService[M]>> };
