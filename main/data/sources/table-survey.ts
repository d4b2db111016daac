import { sizeOf } from '../../../shared/program/tensor.ts';
import { numbersIn, splitOfCell, type Cell } from './cells.ts';
import { classesOf, ValueCounts, type Classes } from './classes.ts';
import { ImageFinder, type FoundImage } from './image-finder.ts';
import type { SplitName } from './names.ts';
import { WITHOUT_VALUE } from './problems.ts';
import type { PlannedColumn } from './table-plan.ts';
import type { TableData, TablePosition, TableRow } from './table-source.ts';

/** What one reading of tables from end to end finds out. */
export interface Survey {
  readonly columns: readonly ColumnSurvey[];
  readonly splits: ReadonlyMap<SplitName, SplitSurvey>;
  /** Paths below the root of all images that rows name. */
  readonly images: ReadonlySet<string>;
  /** Whether samples can be called by their images: there is one in each row, and none is named twice. */
  readonly namesSamples: boolean;
  /** The split of a row of file number `file`; null where the row is left out. */
  splitOf(file: number, row: TableRow): SplitName | null;
  /** The cells of a row that make up a column. */
  cellsOf(file: number, column: PlannedColumn, cells: readonly Cell[]): readonly Cell[];
  imageOf(file: number, cell: Cell): Promise<FoundImage>;
}

export interface ColumnSurvey {
  readonly column: PlannedColumn;
  readonly bySplit: ReadonlyMap<SplitName, ValueCounts>;
  /** Of a column of classes. */
  readonly classes: Classes | null;
  /** Whether all numbers are whole ones from 0 to 255. */
  readonly bytes: boolean;
}

export interface SplitSurvey {
  readonly size: number;
  /** Where the samples 0, STEP, 2 STEP … begin. */
  readonly marks: readonly { readonly file: number; readonly at: TablePosition }[];
}

/** Every so many samples a place is kept from which they can be read. */
export const STEP = 2048;

interface Counting {
  readonly column: PlannedColumn;
  readonly values: ValueCounts;
  readonly bySplit: Map<SplitName, ValueCounts>;
  bytes: boolean;
}

/**
 * Reads tables from end to end: counts samples and classes, looks for the images, and lists rows that can't be used.
 * A column with more different values than classes can be becomes numbers, or is left out where it is text.
 */
export async function survey(data: TableData): Promise<Survey> {
  const { files, plan, look, classNames } = data;
  const { problems, signal, listing } = look;
  const splitColumn = plan.find(({ role }) => role === 'split');
  const indices = files.map(({ columns }) => new Map(columns.map((name, i) => [name, i])));
  const finders = files.map(
    ({ folder, split }) => new ImageFinder(listing.root, folder, splitColumn ? 'all' : split),
  );
  const columns = plan
    .filter(({ role }) => role !== 'split')
    .map((column): Counting => ({
      column,
      values: new ValueCounts(),
      bySplit: new Map(),
      bytes: true,
    }));
  const splits = new Map<
    SplitName,
    { size: number; marks: { file: number; at: TablePosition }[] }
  >();
  const out = files.map(() => new Set<number>());
  const images = new Set<string>();
  const imageColumns = plan.filter(({ role }) => role === 'path').length;
  let named = 0;

  const cellsOf = (file: number, { from }: PlannedColumn, cells: readonly Cell[]) =>
    from.map((name) => {
      const index = indices[file]!.get(name);
      return index === undefined ? null : (cells[index] ?? null);
    });
  const splitOf = (file: number, { at, cells }: TableRow) => {
    if (out[file]!.has(at.offset)) return null;
    return splitColumn ? splitOfCell(cellsOf(file, splitColumn, cells)[0]!) : files[file]!.split;
  };
  const imageOf = (file: number, cell: Cell) => finders[file]!.find(String(cell ?? ''));

  /** Why a row can't be used; counts its values where it can. */
  async function problemOf(f: number, { at, cells }: TableRow): Promise<[string, string] | null> {
    const file = files[f]!;
    if (cells.length !== file.columns.length)
      return ['bad-row', `has ${cells.length} cells; ${file.columns.length} expected`];
    const split = splitOf(f, { at, cells });
    if (!split) return ['unknown-split', `names no split in the column ${splitColumn!.name}`];
    // A row goes by its image where it has one, as its sample does.
    let place = `${file.path}:${at.line}`;
    for (const { column } of columns) {
      if (column.role !== 'path') continue;
      const image = await imageOf(f, cellsOf(f, column, cells)[0]!);
      if ('problem' in image) return [image.problem, image.message];
      images.add(image.path);
      named++;
      if (imageColumns === 1) place = image.path;
    }
    for (const counting of columns)
      if (counting.column.from.every((name) => indices[f]!.has(name)))
        count(counting, split, cellsOf(f, counting.column, cells), place);
    const state = splits.get(split) ?? { size: 0, marks: [] };
    splits.set(split, state);
    if (state.size++ % STEP === 0) state.marks.push({ file: f, at });
    return null;
  }

  function count(
    counting: Counting,
    split: SplitName,
    cells: readonly Cell[],
    place: string,
  ): void {
    const { column, values, bySplit } = counting;
    const { name, role, shape } = column;
    if (role === 'class') {
      const value = cells[0] as string | number | null;
      const own = bySplit.get(split) ?? new ValueCounts();
      bySplit.set(split, own);
      own.add(value);
      if (!values.add(value)) problems.add('missing-label', place, `has no ${name}`, WITHOUT_VALUE);
    } else if (role !== 'path' && role !== 'encoded') {
      const numbers = numbersIn(cells, sizeOf(shape!));
      if (!numbers)
        problems.add(
          'missing-value',
          place,
          `has not all ${sizeOf(shape!)} numbers of ${name}`,
          WITHOUT_VALUE,
        );
      else if (counting.bytes)
        counting.bytes = numbers.every((n) => n >= 0 && n <= 255 && Number.isInteger(n));
    }
  }

  // Images in the table itself are not needed to count.
  const light = new Set(plan.filter(({ role }) => role === 'encoded').flatMap(({ from }) => from));
  for (const [f, file] of files.entries())
    for await (const rows of file.rows(file.start, light)) {
      signal?.throwIfAborted();
      for (const row of rows) {
        const why = await problemOf(f, row);
        if (!why) continue;
        out[f]!.add(row.at.offset);
        problems.add(why[0], `${file.path}:${row.at.line}`, why[1], 'left out');
      }
    }

  const tooMany = columns.filter(({ column, values }) => column.role === 'class' && !values.counts);
  if (tooMany.length) return survey({ ...data, plan: withoutClasses(data, tooMany) });
  return {
    columns: columns.map(({ column, values, bySplit, bytes }) => ({
      column,
      bySplit,
      bytes,
      classes: column.role === 'class' ? classesOf(values, classNames.get(column.name)) : null,
    })),
    splits,
    images,
    namesSamples: named === images.size && imageColumns === 1,
    splitOf,
    cellsOf,
    imageOf,
  };
}

/** The plan with columns that have too many values to be classes as numbers, or without them where they are text. */
function withoutClasses({ plan, look }: TableData, tooMany: readonly Counting[]): PlannedColumn[] {
  return plan.flatMap((column): PlannedColumn[] => {
    const counting = tooMany.find((one) => one.column === column);
    if (!counting) return [column];
    if (counting.values.numbers) return [{ ...column, role: 'numbers', shape: [1] }];
    look.problems.add(
      'ignored-column',
      column.name,
      'has too many different values to be classes',
      'left out',
    );
    return [];
  });
}
