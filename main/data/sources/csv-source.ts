import { dataError } from '../dataset.ts';
import { isImagePath, numberOf } from './cells.ts';
import { csvFormat, csvRows, type CsvFormat, type CsvRow } from './csv.ts';
import { ImageFinder } from './image-finder.ts';
import { filesOf, stampOf, type ListedFile, type Look, type Recogniser } from './look.ts';
import { splitOfPath } from './names.ts';
import { planTable } from './table-plan.ts';
import type { TableFile } from './table-source.ts';
import { joinedTables, type PlannedTable } from './tables.ts';

/** So many rows are looked at to find out what the columns are. */
const SAMPLED = 1000;

/** More tables than this in one folder are no dataset in a table. */
const MOST_TABLES = 1000;

/** CSV files that name images. */
export const recogniseCsvImages: Recogniser = (look) => recogniseCsv(look, 'csv-images');

/** CSV files of numbers or pixels. */
export const recogniseCsvNumbers: Recogniser = (look) => recogniseCsv(look, 'csv');

async function recogniseCsv(look: Look, kind: 'csv-images' | 'csv') {
  const { listing, options, problems } = look;
  const forced = options.kind === kind;
  const files = filesOf(listing, (name) =>
    listing.chosen || forced
      ? /\.(csv|tsv|txt|data|tab)(\.gz)?$/i.test(name)
      : /\.(csv|tsv)(\.gz)?$/i.test(name),
  );
  if (files.length === 0 || files.length > MOST_TABLES) return null;
  const tables: PlannedTable[] = [];
  for (const file of files) {
    const table = await plannedTable(file, look).catch((error: Error) => error);
    if (!(table instanceof Error)) tables.push(table);
    else if (files.length === 1) throw table;
    else problems.add('unreadable', file.path, table.message, 'left out');
  }
  const fitting = tables.filter(
    ({ plan }) => (kind === 'csv-images') === plan.some(({ role }) => role === 'path'),
  );
  return fitting.length ? joinedTables(kind, fitting, look) : null;
}

async function plannedTable(listed: ListedFile, look: Look): Promise<PlannedTable> {
  const { listing, options } = look;
  const format = await csvFormat(listed.file, options.delimiter);
  const rows = await firstRows(listed.file, format);
  if (rows.length === 0) throw dataError(`${listed.file} is empty`);
  const [first] = rows;
  const header = options.header ?? hasHeader(rows);
  const columns = header
    ? columnNames(first!.cells)
    : first!.cells.map((_, i) => `column ${i + 1}`);
  const body = rows.slice(header ? 1 : 0).filter(({ cells }) => cells.length === columns.length);
  if (body.length === 0)
    throw dataError(`${listed.file} has no row with ${columns.length} cells beside its first`);
  const file: TableFile = {
    path: listed.path,
    folder: listed.folder,
    stamp: await stampOf(listed.file),
    split: splitOfPath(listed.path),
    columns,
    start: (header ? rows[1]! : first!).at,
    rows: (from) => csvRows(listed.file, format.delimiter, from),
  };
  const finder = new ImageFinder(listing.root, listed.folder, file.split);
  const paths = new Set<string>();
  for (const [i, name] of columns.slice(0, 8).entries()) {
    const cells = body.slice(0, 20).map((row) => row.cells[i]!);
    if (paths.size > 0 || !(await namesImages(cells, finder))) continue;
    paths.add(name);
  }
  const leftOut: [string, string][] = [];
  const plan = planTable(
    columns,
    body.map(({ cells }) => cells),
    options,
    (column, why) => leftOut.push([column, why]),
    { paths, classes: new Set() },
  );
  if (plan.every(({ role }) => role === 'class' || role === 'split'))
    throw dataError(`${listed.file} has no column of numbers or images`);
  return { file, plan, leftOut, classNames: new Map() };
}

async function firstRows(file: string, { delimiter, start }: CsvFormat): Promise<CsvRow[]> {
  const first: CsvRow[] = [];
  for await (const rows of csvRows(file, delimiter, start)) {
    first.push(...rows.slice(0, SAMPLED + 1 - first.length));
    if (first.length > SAMPLED) break;
  }
  return first;
}

/** Whether most of these cells name an image of their own that is there, with or without its extension. */
async function namesImages(cells: readonly string[], finder: ImageFinder): Promise<boolean> {
  if (new Set(cells).size < 0.9 * cells.length) return false;
  let found = 0;
  for (const cell of cells) if ('path' in (await finder.find(cell))) found++;
  return found > cells.length / 2;
}

const KNOWN =
  /^(id|.*_id|id_.*|name|file|.*file_?name|.*path|image|images|img|photo|label|labels|class|category|target|split|set|x|y|text|input|output|mask|breed|species)$/i;

/** Whether the first row names the columns: by words over numbers, by what is usual, or by counting from 0. */
function hasHeader(rows: readonly CsvRow[]): boolean {
  const [first, ...others] = rows.map(({ cells }) => cells);
  if (!first || others.length === 0) return false;
  if (first.length > 2 && first.every((cell, i) => cell.trim() === String(i))) return true;
  if (first.some(isImagePath)) return false;
  const isNumber = (cell: string) => !Number.isNaN(numberOf(cell));
  const overNumbers = first.some(
    (cell, i) =>
      cell.trim() !== '' &&
      !isNumber(cell) &&
      !/^(nan|na|null|none|\?)$/i.test(cell.trim()) &&
      others.every((cells) => cells[i] === undefined || cells[i] === '' || isNumber(cells[i])),
  );
  if (overNumbers) return true;
  if (first.some(isNumber)) return false;
  return (
    first.some((cell) => KNOWN.test(cell.trim())) ||
    first.some((_, i) => others.every((cells) => isImagePath(cells[i] ?? null)))
  );
}

/** Names for columns: those of the header, with numbers where they are empty or the same. */
function columnNames(cells: readonly string[]): string[] {
  const used = new Set<string>();
  return cells.map((cell, i) => {
    const name = cell.trim() || `column ${i + 1}`;
    let unique = name;
    for (let n = 2; used.has(unique); n++) unique = `${name} (${n})`;
    used.add(unique);
    return unique;
  });
}
