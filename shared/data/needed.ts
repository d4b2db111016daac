import type { ColumnStatistics, DataColumn } from '../api/data.ts';
import { PAIR_COLUMNS, type Mapping, type Task } from './mapping.ts';

/** The columns of the data in which every sample that a model trains on needs a value. */
export function neededColumns(
  { ties }: Mapping,
  columns: readonly DataColumn[],
  task: Task,
): string[] {
  const tied = new Set(ties.flatMap((tie) => tie.columns));
  const first = (kind: DataColumn['kind']) => columns.find((column) => column.kind === kind)?.name;
  // Partners are found by their class.
  const made: readonly string[] = Object.values(PAIR_COLUMNS);
  const paired = task === 'pairs' ? [first('image'), first('class')] : [];
  const names = [...tied].filter((name) => task !== 'pairs' || !made.includes(name));
  return [...new Set([...names, ...paired.filter((name) => name !== undefined)])];
}

/** Columns that a model needs and samples lack, with how many lack them. */
export function lackedColumns(
  needed: readonly string[],
  statistics: readonly ColumnStatistics[],
): { readonly column: string; readonly missing: number }[] {
  return statistics.flatMap(({ column, missing = 0 }) =>
    missing > 0 && needed.includes(column) ? [{ column, missing }] : [],
  );
}
