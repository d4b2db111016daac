import type { ColumnRole, RecogniseOptions } from '../../../shared/data/recognise.ts';
import { classKey } from './classes.ts';
import { isEncoded, isImagePath, listOf, numberOf, splitOfCell, type Cell } from './cells.ts';

/** What a table's column is used for, and where it lies. */
export interface PlannedColumn {
  /** As the source calls it. */
  readonly name: string;
  readonly role: 'path' | 'encoded' | 'pixels' | 'class' | 'numbers' | 'split';
  /** The table's columns that make it up. */
  readonly from: readonly string[];
  /** Of pixels and numbers. */
  readonly shape?: readonly number[];
}

/** What is known of columns before their values are looked at. */
export interface KnownColumns {
  /** Those that hold classes by the file's own word. */
  readonly classes: ReadonlySet<string>;
  /** Those that name images that are there. */
  readonly paths: ReadonlySet<string>;
}

/** What the first rows show of a column. */
interface Sampled {
  readonly name: string;
  readonly type: 'empty' | 'text' | 'integer' | 'float' | 'path' | 'encoded' | 'list';
  readonly distinct: number;
  readonly rows: number;
  readonly min: number;
  readonly max: number;
  /** Of lists: how many numbers each holds, where all hold the same, and their shape. */
  readonly shape?: readonly number[];
  readonly values: readonly Cell[];
}

const LABEL =
  /^(labels?|class(es|_?name|_?id|_?label)?|targets?|y|categor(y|ies)|species|digit|outcome|output|diagnosis|emotion|breed|variety|fine_label|character)$/i;
const SPLIT = /^(splits?|set|subset|partition|usage|data ?set|fold|phase)$/i;
const INDEX = /^(id|ids|idx|index|no|nr|#|row|row_?id|image_?id|sample_?id|unnamed.*|column 1)?$/i;
const PIXEL = /^(pixel|pix|px)[-_ ]?\d+$|^\d+x\d+$/i;

/** How many different whole numbers make classes, of so many rows. */
function fewEnough({ distinct, rows }: Sampled): boolean {
  return distinct <= Math.max(20, Math.min(1000, rows / 5));
}

/**
 * Decides what the columns of a table are used for, by the first rows and the columns' names; `options` decide first.
 * Columns that are not used become problems.
 */
export function planTable(
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: RecogniseOptions,
  leaveOut: (column: string, why: string) => void,
  known: KnownColumns,
): PlannedColumn[] {
  const sampled = names.map((name, i) => {
    const values = rows.map((row) => row[i] ?? null);
    return sample(name, values, known.paths.has(name));
  });
  const roles = new Map<string, ColumnRole>();
  for (const column of sampled) {
    const role = options.columns?.[column.name] ?? plainRole(column, known.classes);
    if (role) roles.set(column.name, role);
  }
  const open = () => sampled.filter(({ name }) => !roles.has(name));
  const hasImage = [...roles.values()].includes('image');
  if (hasImage) {
    const flags = open().filter(({ type, min, max }) => type === 'integer' && min >= 0 && max <= 1);
    if (flags.length > 2) for (const { name } of flags) roles.set(name, 'features');
    for (const column of open()) roles.set(column.name, besideImages(column));
  } else {
    const asked = [...roles.values()].some((role) => role === 'class' || role === 'numbers');
    const label = asked ? null : labelOf(open());
    if (label) roles.set(label.name, labelRole(label));
    for (const { name, type } of open())
      roles.set(name, type === 'text' || type === 'empty' ? 'ignore' : 'features');
  }
  for (const { name, type, distinct } of sampled)
    if (roles.get(name) === 'ignore' && options.columns?.[name] === undefined)
      leaveOut(
        name,
        type === 'empty'
          ? 'is empty'
          : type === 'text'
            ? `is text with ${distinct} different values in the first rows`
            : 'numbers the rows',
      );
  return planned(sampled, roles, hasImage, options);
}

/** The role of a column that shows by itself, or null where it depends on the others. */
function plainRole(column: Sampled, classColumns: ReadonlySet<string>): ColumnRole | null {
  const { name, type, values, distinct, rows } = column;
  if (classColumns.has(name)) return 'class';
  if (type === 'path' || type === 'encoded') return 'image';
  if (type === 'empty') return 'ignore';
  if (type === 'list') return isSquare(column.shape!) && isBytes(column) ? 'image' : 'numbers';
  if (SPLIT.test(name) && values.every(splitOfCell)) return 'split';
  if (INDEX.test(name) && rows > 2 && distinct === rows && type !== 'float')
    return /^(column 1)?$/.test(name) && !countsUp(values) ? null : 'ignore';
  return null;
}

function countsUp(values: readonly Cell[]): boolean {
  return values.every((value, i) => i === 0 || Number(value) === Number(values[i - 1]) + 1);
}

function besideImages(column: Sampled): ColumnRole {
  const { name, type, distinct, rows } = column;
  if (type === 'text')
    return LABEL.test(name) || distinct <= Math.max(20, rows / 2) ? 'class' : 'ignore';
  return type === 'integer' && fewEnough(column) ? 'class' : 'numbers';
}

/** The column that a model is to tell from the others: by its name, the only text, beside pixels, or the last. */
function labelOf(open: readonly Sampled[]): Sampled | null {
  const named = open.filter(({ name }) => LABEL.test(name));
  if (named.length) return named[0]!;
  const texts = open.filter(({ type }) => type === 'text');
  if (texts.length) {
    const few = texts.filter((column) => column.distinct <= Math.max(20, column.rows / 2));
    return few.at(-1) ?? null;
  }
  if (open.length < 2) return null;
  if (
    open.every(isBytes) &&
    (isSquare([open.length]) || open.every(({ name }) => PIXEL.test(name)))
  )
    return null;
  const [first, last] = [open[0]!, open.at(-1)!];
  if (isSquare([open.length - 1]) && open.every(isBytes))
    return first.distinct < 2 && last.distinct > 1 ? last : first;
  return last;
}

function labelRole(label: Sampled): ColumnRole {
  if (label.type === 'text') return 'class';
  return label.type === 'integer' && fewEnough(label) ? 'class' : 'numbers';
}

function planned(
  sampled: readonly Sampled[],
  roles: ReadonlyMap<string, ColumnRole>,
  hasImage: boolean,
  options: RecogniseOptions,
): PlannedColumn[] {
  const own = sampled.flatMap((column): PlannedColumn[] => {
    const { name, type, shape } = column;
    const role = roles.get(name);
    if (role === 'class' || role === 'split') return [{ name, role, from: [name] }];
    if (role === 'numbers') return [{ name, role, from: [name], shape: shape ?? [1] }];
    if (role !== 'image') return [];
    if (type === 'list')
      return [{ name, role: 'pixels', from: [name], shape: pixelShape(shape!, options) }];
    return [{ name, role: type === 'encoded' ? 'encoded' : 'path', from: [name] }];
  });
  const features = sampled.filter(({ name }) => roles.get(name) === 'features');
  if (features.length === 0) return own;
  const from = features.map(({ name }) => name);
  const scalars = features.every(({ type }) => type !== 'list');
  const given = options.imageShape;
  const pixels =
    scalars &&
    !hasImage &&
    (given
      ? product(given) === from.length
      : isSquare([from.length]) &&
        (features.every(isBytes) || from.every((name) => PIXEL.test(name))));
  const group: PlannedColumn = pixels
    ? { name: 'image', role: 'pixels', from, shape: pixelShape([from.length], options) }
    : {
        name: from.length === 1 ? from[0]! : hasImage ? 'labels' : 'features',
        role: 'numbers',
        from,
        shape: [features.reduce((sum, { shape }) => sum + product(shape ?? [1]), 0)],
      };
  return [group, ...own];
}

function sample(name: string, values: readonly Cell[], isPath: boolean): Sampled {
  const present = values.filter((value) => value !== null && value !== '');
  const rows = present.length;
  const common = { name, rows, values: present, min: 0, max: 0 };
  const distinct = new Set(
    present.map((value) => (typeof value === 'object' ? value : classKey(String(value)))),
  ).size;
  if (rows === 0) return { ...common, type: 'empty', distinct };
  if (isPath) return { ...common, type: 'path', distinct };
  if (present.every(isEncoded)) return { ...common, type: 'encoded', distinct };
  const lists = present.map(listOf);
  if (lists.every((list) => list !== null)) {
    const [first] = lists;
    const shape = lists.every(({ shape }) => String(shape) === String(first!.shape))
      ? first!.shape
      : null;
    const numbers = lists.slice(0, 50).flatMap(({ numbers }) => numbers);
    if (shape) return { ...common, type: 'list', distinct, shape, ...rangeOf(numbers) };
  }
  if (present.filter(isImagePath).length > 0.5 * rows) return { ...common, type: 'path', distinct };
  const numbers = present.map(numberOf);
  // A few cells that are no numbers are mistakes in a column of numbers.
  const good = numbers.filter((number) => !Number.isNaN(number));
  if (good.length < 0.9 * rows) return { ...common, type: 'text', distinct };
  return {
    ...common,
    type: good.every(Number.isInteger) ? 'integer' : 'float',
    distinct,
    ...rangeOf(good),
  };
}

function rangeOf(numbers: readonly number[]): { min: number; max: number } {
  let [min, max] = [Infinity, -Infinity];
  for (const number of numbers) {
    if (number < min) min = number;
    if (number > max) max = number;
    if (!Number.isInteger(number)) min = -Infinity;
  }
  return { min, max };
}

/** Whether the numbers are whole ones from 0 to 255, as pixels are. */
function isBytes({ type, min, max }: Sampled): boolean {
  return (type === 'integer' || type === 'list') && min >= 0 && max <= 255;
}

/** Whether so many numbers, or a list of this shape, make a square image of at least 8 px, grey or coloured. */
function isSquare(shape: readonly number[]): boolean {
  if (shape.length > 1) return shape[0]! >= 8 && shape[1]! >= 8 && (shape[2] ?? 1) <= 4;
  return sideOf(shape[0]!) !== null;
}

function sideOf(count: number): readonly [number, number, number] | null {
  for (const channels of [1, 3]) {
    const side = Math.sqrt(count / channels);
    if (Number.isInteger(side) && side >= 8) return [side, side, channels];
  }
  return null;
}

function pixelShape(shape: readonly number[], { imageShape }: RecogniseOptions): readonly number[] {
  if (imageShape && product(imageShape) === product(shape)) return imageShape;
  if (shape.length === 2) return [...shape, 1];
  return shape.length === 3 ? shape : (sideOf(shape[0]!) ?? [1, shape[0]!, 1]);
}

function product(shape: readonly number[]): number {
  return shape.reduce((a, b) => a * b, 1);
}
