import type { DatasetEntry } from '../../shared/api/data.ts';
import type { ImportJob } from './import-jobs.ts';

/** The data that the studio brings along or knows where to get. */
export async function builtIns(): Promise<DatasetEntry[]> {
  return [mnist];
}

/** Whether it is the name of built-in data; all others are named by their path. */
export function isBuiltIn(data: string): boolean {
  return data === mnist.data;
}

/** Makes built-in data ready to be imported: what is not here yet is downloaded. */
export async function getBuiltIn(_data: string, _job: ImportJob): Promise<void> {}

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
