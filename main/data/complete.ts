import type { Task, Mapping } from '../../shared/data/mapping.ts';
import { lackedColumns, neededColumns } from '../../shared/data/needed.ts';
import { dataError, MISSING, selectSamples, type Dataset } from './dataset.ts';
import type { ImportedData } from './store/imported.ts';

/** Data of which every sample has what a model needs. */
export interface CompleteData extends Pick<ImportedData, 'name' | 'splits'> {
  /** Samples that lack a value in one of these columns; null where none does. */
  readonly leftOut: { readonly samples: number; readonly columns: readonly string[] } | null;
}

/** Samples that are looked at together. */
const PART = 4096;

/**
 * Leaves out the samples that lack a value in a column that the model needs for its task; other columns may lack what
 * they like. Throws a StudioError where no sample is left.
 */
export async function completeData(
  imported: ImportedData,
  mapping: Mapping,
  task: Task,
): Promise<CompleteData> {
  const { name, report } = imported;
  const needed = neededColumns(mapping, imported.columns, task);
  const columns = lackedColumns(needed, report.statistics).map(({ column }) => column);
  if (columns.length === 0) return { name, splits: imported.splits, leftOut: null };
  const splits = await Promise.all(
    imported.splits.map(async (split) => {
      const whole = await samplesWith(split.dataset, columns);
      return { ...split, dataset: selectSamples(split.dataset, whole) };
    }),
  );
  const left = splits.reduce((sum, { dataset }) => sum + dataset.size, 0);
  if (left === 0)
    throw dataError(`no sample of ${name} has ${columns.join(' and ')}, which the model needs`);
  return { name, splits, leftOut: { samples: imported.all.size - left, columns } };
}

/** The samples that have a value in each of these columns. */
async function samplesWith(dataset: Dataset, columns: readonly string[]): Promise<Int32Array> {
  const whole: number[] = [];
  for (let start = 0; start < dataset.size; start += PART) {
    const length = Math.min(PART, dataset.size - start);
    const numbers = Int32Array.from({ length }, (_, i) => start + i);
    const batch = await dataset.batch(numbers, columns);
    const lacks = (at: number) =>
      columns.some((column) => {
        const { data } = batch[column]!;
        const value = data[(at * data.length) / length]!;
        return dataset.elements[column]!.kind === 'class' ? value === MISSING : Number.isNaN(value);
      });
    for (let i = 0; i < length; i++) if (!lacks(i)) whole.push(start + i);
  }
  return Int32Array.from(whole);
}
