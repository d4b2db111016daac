import type { SourceKind } from '../source.ts';
import type { Look, Recognised } from './look.ts';
import { WITHOUT_VALUE } from './problems.ts';
import type { PlannedColumn } from './table-plan.ts';
import { tableSource, type TableFile } from './table-source.ts';

/** A table with what is planned for its columns. */
export interface PlannedTable {
  readonly file: TableFile;
  readonly plan: readonly PlannedColumn[];
  /** Columns that are not used, and why. */
  readonly leftOut: readonly (readonly [column: string, why: string])[];
  /** Names of classes by column, where the file gives them. */
  readonly classNames: ReadonlyMap<string, readonly string[]>;
}

/** Tables that go together as one source: those with the columns of the best; the others become problems. */
export async function joinedTables(
  kind: SourceKind,
  tables: readonly PlannedTable[],
  look: Look,
): Promise<Recognised> {
  const { problems } = look;
  const main = tables.reduce((best, table) => (worthOf(table) > worthOf(best) ? table : best));
  const joined = tables.filter((table) => table === main || belongsTo(table, main));
  for (const { file } of tables.filter((table) => !joined.includes(table)))
    problems.add(
      'ignored',
      file.path,
      `has other columns than ${main.file.path}: ${file.columns.slice(0, 5).join(', ')}`,
      'left out',
    );
  for (const { file } of joined)
    for (const { role, name, from } of main.plan)
      if (!from.every((column) => file.columns.includes(column)))
        problems.add(
          role === 'class' ? 'missing-label' : 'missing-value',
          file.path,
          `has no column ${name}`,
          WITHOUT_VALUE,
        );
  for (const [column, why] of main.leftOut)
    problems.add('ignored-column', main.file.path, `the column ${column} ${why}`, 'left out');
  const files = joined.map(({ file }) => file);
  return tableSource({ kind, files, plan: main.plan, classNames: main.classNames, look });
}

/** How well a table shows what the columns are: one to train on, with the most of them in use. */
function worthOf({ file, plan }: PlannedTable): number {
  const labelled = plan.some(({ role }) => role === 'class') ? 2 : 0;
  return plan.length * 4 + labelled + (file.split === 'train' ? 2 : file.split === 'all' ? 1 : 0);
}

/** Whether a table has all that a model is given in the main table; labels may be missing. */
function belongsTo({ file }: PlannedTable, main: PlannedTable): boolean {
  const images = main.plan.filter(({ role }) => /^(path|encoded|pixels)$/.test(role));
  const needed = images.length ? images : main.plan.filter(({ role }) => role === 'numbers');
  return needed.every(({ from }) => from.every((column) => file.columns.includes(column)));
}
