import { createHash } from 'node:crypto';
import { formatShape, sizeOf } from '../../../shared/program/tensor.ts';
import { dataError } from '../dataset.ts';
import type { SourceColumn, SourceKind, SourceSample, SourceValue } from '../source.ts';
import { encodedBytes, numbersIn, type Cell } from './cells.ts';
import { addClassProblems, countsOf } from './classes.ts';
import { fileValue } from './files.ts';
import { filesOf, type Look, type Recognised } from './look.ts';
import { counted, describeSplits, isImageName, SPLIT_ORDER, type SplitName } from './names.ts';
import { WITHOUT_VALUE } from './problems.ts';
import type { PlannedColumn } from './table-plan.ts';
import { STEP, survey, type ColumnSurvey, type Survey } from './table-survey.ts';

/** A row with the place from which it can be read again. */
export interface TableRow {
  readonly at: TablePosition;
  readonly cells: readonly Cell[];
}

/** Where a row begins as its file counts, in bytes or rows, and its number for people. */
export interface TablePosition {
  readonly offset: number;
  readonly line: number;
}

/** A file with rows. */
export interface TableFile {
  /** Below the root. */
  readonly path: string;
  /** Its folder below the root. */
  readonly folder: string;
  readonly stamp: string;
  /** By its name. */
  readonly split: SplitName;
  readonly columns: readonly string[];
  readonly start: TablePosition;
  /** The rows from a position on, several at a time; columns that are not needed may be null. */
  rows(
    from: TablePosition,
    unneeded?: ReadonlySet<string>,
  ): AsyncGenerator<readonly TableRow[], undefined, void>;
}

export interface TableData {
  readonly kind: SourceKind;
  readonly files: readonly TableFile[];
  readonly plan: readonly PlannedColumn[];
  /** Names of classes by column, where the file gives them. */
  readonly classNames: ReadonlyMap<string, readonly string[]>;
  readonly look: Look;
}

/** Tables as a source. Reads them once to count, to find the classes and the images, and to list what is wrong. */
export async function tableSource(data: TableData): Promise<Recognised> {
  const found = await survey(data);
  const { look, files } = data;
  const splits = SPLIT_ORDER.filter((name) => found.splits.has(name)).map((name) => ({
    name,
    size: found.splits.get(name)!.size,
    samples: (from = 0) => samplesOf(data, found, name, from),
  }));
  if (splits.length === 0) {
    const [first] = look.problems.list();
    throw dataError(
      `${look.root} has no row that can be used${first ? `: ${first.path} ${first.message}` : ''}`,
    );
  }
  const columns = found.columns.map(sourceColumn);
  for (const { column, classes, bySplit } of found.columns) {
    if (!classes) continue;
    const counts = splits.map(({ name }) => ({
      split: name,
      counts: countsOf(classes, bySplit.get(name)),
    }));
    addClassProblems(classes.names, counts, look.problems);
    const values = [...bySplit.values()].reduce((sum, { total }) => sum + total, 0);
    const known = counts.flatMap((one) => one.counts).reduce((a, b) => a + b, 0);
    if (known < values)
      look.problems.add(
        'missing-label',
        column.name,
        `${counted(values - known, 'row')} have a number in ${column.name} that stands for no class`,
        WITHOUT_VALUE,
      );
  }
  const hasPaths = found.columns.some(({ column }) => column.role === 'path');
  if (hasPaths && !look.listing.chosen) addUnnamed(found, data);
  return {
    kind: data.kind,
    ...(hasPaths ? {} : { stamp: files.map(({ stamp }) => stamp).join(' ') }),
    recognised: `${whatOf(data)} with ${describeSplits(splits, 'row')}: ${columns.map(describe).join(', ')}`,
    columns,
    fields: [...new Set(files.flatMap((file) => file.columns))],
    splits,
    uses: (path) => files.some((file) => file.path === path) || (hasPaths && isImageName(path)),
  };
}

function whatOf({ kind, files }: TableData): string {
  return files.length === 1
    ? files[0]!.path
    : counted(files.length, kind === 'parquet' ? 'Parquet file' : 'CSV file');
}

function sourceColumn({ column, classes }: ColumnSurvey): SourceColumn {
  const { name, role, shape } = column;
  if (role === 'class') return { name, kind: 'class', classes: classes!.names };
  if (role === 'numbers') return { name, kind: 'numbers', shape: shape! };
  return { name, kind: 'image', ...(shape ? { shape } : {}) };
}

function describe({ name, kind, shape, classes }: SourceColumn): string {
  if (kind === 'class') return `${name} of ${counted(classes!.length, 'class', 'classes')}`;
  if (kind === 'numbers') return `${name} of shape ${formatShape(shape!)}`;
  return `${name} (${shape ? `pixels of shape ${formatShape(shape)}` : 'images'})`;
}

/** Lists the images of the folder that no row names. */
function addUnnamed({ images }: Survey, { files, look }: TableData): void {
  const all = filesOf(look.listing, isImageName);
  const unnamed = all.filter(({ path }) => !images.has(path));
  for (const { path } of unnamed)
    look.problems.add(
      'missing-label',
      path,
      `is named in no row of ${files.map((file) => file.path).join(', ')}`,
      'left out',
    );
}

async function* samplesOf(
  { files, look }: TableData,
  found: Survey,
  split: SplitName,
  from: number,
): AsyncGenerator<SourceSample, undefined, void> {
  const { marks, size } = found.splits.get(split)!;
  const marked = Math.min(Math.floor(from / STEP), marks.length - 1);
  const mark = marks[marked]!;
  let number = marked * STEP;
  for (let f = mark.file; f < files.length; f++) {
    const file = files[f]!;
    for await (const rows of file.rows(f === mark.file ? mark.at : file.start))
      for (const row of rows) {
        if (found.splitOf(f, row) !== split) continue;
        if (number++ < from) continue;
        yield await sampleOf(look.listing.root, file, found, f, row);
        if (number === size) return undefined;
      }
  }
  return undefined;
}

async function sampleOf(
  root: string,
  file: TableFile,
  found: Survey,
  f: number,
  { at, cells }: TableRow,
): Promise<SourceSample> {
  const values: Record<string, SourceValue | null> = {};
  const stamps: string[] = [];
  let name = `${file.path}:${at.line}`;
  for (const { column, classes, bytes } of found.columns) {
    const own = found.cellsOf(f, column, cells);
    if (column.role === 'path') {
      const image = await found.imageOf(f, own[0]!);
      if ('problem' in image) throw new Error(`${name}: ${image.message}`);
      const { value, stamp } = await fileValue(root, image.path);
      values[column.name] = value;
      stamps.push(stamp);
      if (found.namesSamples) name = image.path;
    } else if (column.role === 'encoded') {
      const image = encodedBytes(own[0]!);
      values[column.name] = image && { kind: 'encoded', bytes: image };
    } else if (column.role === 'class') {
      const index = own[0] === null ? null : classes!.indexOf(String(own[0]));
      values[column.name] = index === null ? null : { kind: 'class', index };
    } else {
      const numbers = numbersIn(own, sizeOf(column.shape!));
      const data =
        numbers &&
        (column.role === 'pixels' && bytes ? Uint8Array.from(numbers) : Float32Array.from(numbers));
      values[column.name] = data && { kind: 'raw', shape: column.shape!, data };
    }
  }
  return { name, stamp: [hashOf(cells), ...stamps].join(' '), values };
}

function hashOf(cells: readonly Cell[]): string {
  const hash = createHash('sha1');
  for (const cell of cells) {
    const bytes = encodedBytes(cell);
    hash.update(bytes ?? `${typeof cell === 'object' ? JSON.stringify(cell) : cell}\0`);
  }
  return hash.digest('base64url');
}
