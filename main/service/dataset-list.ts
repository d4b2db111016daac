import { readFile } from 'node:fs/promises';
import type { DatasetFacts } from '../../shared/api/data.ts';
import { writeFileAtomic } from '../formats/atomic.ts';
import { fromJson, toJson } from './json.ts';

/** A dataset that a project knows, as `datasets.json` keeps it. */
export interface KnownDataset {
  /** As `training.data` names it. */
  readonly data: string;
  readonly name: string;
  /** When it was last imported, in ms since 1970. */
  readonly used: number;
  readonly facts: DatasetFacts;
  /** What its files looked like then: see `dataStamp`. */
  readonly stamp: string | null;
}

/** The datasets that were imported in a project, on disk; the last used first. */
export interface DatasetList {
  all(): readonly KnownDataset[];
  put(dataset: KnownDataset): Promise<void>;
  remove(data: string): Promise<void>;
}

/** Datasets that are remembered; older ones are forgotten, their files are not. */
const MOST = 50;

/** Reads the list; one that can't be read is begun anew, for it holds nothing that can't be found out again. */
export async function openDatasetList(file: string): Promise<DatasetList> {
  let list = await readFile(file, 'utf8').then(read, () => []);
  let writing: Promise<unknown> = Promise.resolve();

  function write(next: readonly KnownDataset[]): Promise<void> {
    list = next;
    const text = `${toJson({ version: 1, datasets: list }, 2)}\n`;
    const written = writing.then(() => writeFileAtomic(file, text));
    writing = written.catch(() => {});
    return written;
  }

  return {
    all: () => list,
    put: (dataset) =>
      write([dataset, ...list.filter(({ data }) => data !== dataset.data)].slice(0, MOST)),
    remove: (data) => write(list.filter((one) => one.data !== data)),
  };
}

function read(text: string): readonly KnownDataset[] {
  try {
    const { version, datasets } = fromJson(text) as { version: number; datasets: KnownDataset[] };
    return version === 1 && Array.isArray(datasets) ? datasets.filter(isKnown) : [];
  } catch {
    return [];
  }
}

function isKnown(one: Partial<KnownDataset> | null): boolean {
  return (
    typeof one?.data === 'string' &&
    typeof one.name === 'string' &&
    typeof one.used === 'number' &&
    Array.isArray(one.facts?.columns) &&
    Array.isArray(one.facts.splits)
  );
}
