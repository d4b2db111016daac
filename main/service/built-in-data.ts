import type { DatasetEntry } from '../../shared/api/data.ts';
import { builtInNames } from '../data/built-in.ts';
import { downloadables, type DownloadableData } from '../data/downloads/catalogue.ts';
import {
  addressesOf,
  download,
  downloadBytes,
  downloadedBytes,
} from '../data/downloads/download.ts';
import type { ImportJob } from './import-jobs.ts';

/** The data that the studio brings along or knows where to get. */
export async function builtIns(): Promise<DatasetEntry[]> {
  return [mnist, ...(await Promise.all(downloadables.map(entryOf)))];
}

/** Whether it is the name of built-in data; all others are named by their path. */
export function isBuiltIn(data: string): boolean {
  return builtInNames.includes(data);
}

/** Makes built-in data ready to be imported: what is not here yet is downloaded. Throws what `download` throws. */
export async function getBuiltIn(data: string, job: ImportJob): Promise<void> {
  const known = downloadables.find(({ name }) => name === data);
  if (!known || (await isHere(known))) return;
  await download(known, {
    signal: job.signal,
    onProgress: ({ done, total, rate, secondsLeft }) =>
      job.tell({ phase: 'download', unit: 'bytes', done, total, rate, secondsLeft }),
  });
}

async function entryOf(data: DownloadableData): Promise<DatasetEntry> {
  const { name, title, files } = data;
  if (await isHere(data)) return { data: name, name: title, state: 'new', builtIn: true };
  return {
    data: name,
    name: title,
    state: 'get',
    builtIn: true,
    downloadBytes: downloadBytes(data) - (await downloadedBytes(data)),
    downloadFrom: new URL(addressesOf(data, files[0]!)[0]!).host,
  };
}

async function isHere(data: DownloadableData): Promise<boolean> {
  return (await downloadedBytes(data)) === downloadBytes(data);
}

const mnist: DatasetEntry = {
  data: 'mnist',
  name: 'MNIST',
  state: 'new',
  builtIn: true,
  facts: {
    kind: 'idx',
    recognised: 'IDX files as MNIST has: 60,000 images to train on and 10,000 to test',
    samples: 70_000,
    splits: [
      { name: 'train', size: 60_000 },
      { name: 'test', size: 10_000 },
    ],
    columns: [
      { name: 'image', kind: 'image', shape: [28, 28, 1] },
      { name: 'label', kind: 'class', classes: Array.from('0123456789') },
    ],
    problems: 0,
  },
};
