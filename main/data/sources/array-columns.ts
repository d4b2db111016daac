import { formatShape, sizeOf } from '../../../shared/program/tensor.ts';
import { dataError } from '../dataset.ts';
import type { SourceColumn, SourceValue } from '../source.ts';
import type { TypedArray } from '../typed-array.ts';
import type { ArrayData, ArrayPart, StoredArray } from './arrays.ts';
import { classesOf, countsOf, ValueCounts, type ClassCounts } from './classes.ts';
import type { SplitName } from './names.ts';

/** What arrays of one column mean, in all splits. */
export interface ArrayColumn {
  column: SourceColumn;
  readonly part: ArrayPart['part'];
  readonly members: ReadonlyMap<SplitName, ArrayMember>;
  /** For classes: how many samples each has. */
  readonly counts: readonly ClassCounts[];
}

interface ArrayMember {
  readonly array: StoredArray;
  valueOf(elements: TypedArray | readonly string[]): SourceValue | null;
}

type Meaning = Pick<ArrayColumn, 'counts'> &
  Pick<SourceColumn, 'kind' | 'classes' | 'shape'> &
  Pick<ArrayMember, 'valueOf'>;

/** More different floats than this are no classes, even where all are whole. */
const MOST_FLOAT_CLASSES = 100;

/** Finds out what the arrays of a column mean: images, classes or numbers. Reads labels, never images. */
export async function columnOf(parts: readonly ArrayPart[], data: ArrayData): Promise<ArrayColumn> {
  const meaning = await meaningOf(parts, data);
  const { part } = parts[0]!;
  const { kind, shape, classes, counts, valueOf } = meaning;
  return {
    column: {
      name: typeof part === 'string' ? defaultName(part, kind) : part.column,
      kind,
      ...(shape ? { shape } : {}),
      ...(classes ? { classes } : {}),
    },
    part,
    members: new Map(parts.map(({ split, array }) => [split, { array, valueOf }])),
    counts,
  };
}

function defaultName(part: 'input' | 'target', kind: SourceColumn['kind']): string {
  if (kind === 'class') return 'label';
  if (part === 'target') return 'target';
  return kind === 'image' ? 'image' : 'features';
}

async function meaningOf(parts: readonly ArrayPart[], data: ArrayData): Promise<Meaning> {
  const first = parts[0]!;
  const rest = first.array.shape.slice(1);
  for (const { array } of parts)
    if (String(array.shape.slice(1)) !== String(rest))
      throw dataError(
        `${first.array.path} holds samples of shape ${formatShape(rest)}; ${array.path} of ${formatShape(array.shape.slice(1))}`,
      );
  const role = data.options.columns?.[first.key];
  const image = imageShape(first.array, rest, data);
  if (role === 'image') {
    if (!image)
      throw dataError(
        `${first.array.path}: images have shape (height, width) or (height, width, channels); got ${formatShape(rest)}`,
      );
    return imageMeaning(image);
  }
  const single = sizeOf(rest) === 1;
  const numbers = numbersMeaning(rest);
  if (role === 'numbers' || role === 'features') return numbers;
  if (role === 'class' || first.array.type === 'text' || (single && rest.length < 2))
    return (await classMeaning(parts, data, role === 'class')) ?? numbers;
  if (first.part === 'target' && rest.length === 1)
    return (await oneHotMeaning(parts, data)) ?? numbers;
  return image ? imageMeaning(image) : numbers;
}

interface ImageLayout {
  readonly shape: readonly [number, number, number];
  readonly channelsFirst: boolean;
}

/** How pixels lie in the samples of an array, or null when it holds no images. */
function imageShape(
  array: StoredArray,
  rest: readonly number[],
  { options }: ArrayData,
): ImageLayout | null {
  const [a = 0, b = 0, c = 0] = rest;
  const given = options.imageShape;
  if (given && sizeOf(given) === sizeOf(rest)) return { shape: given, channelsFirst: false };
  const asked = Object.values(options.columns ?? {}).includes('image');
  if (rest.length === 1) {
    const side = Math.sqrt(a);
    return Number.isInteger(side) && ((array.bytes && side >= 8) || asked)
      ? { shape: [side, side, 1], channelsFirst: false }
      : null;
  }
  if (rest.length === 2)
    return array.bytes || (a >= 8 && b >= 8) || asked
      ? { shape: [a, b, 1], channelsFirst: false }
      : null;
  if (rest.length !== 3) return null;
  if (c >= 1 && c <= 4) return { shape: [a, b, c], channelsFirst: false };
  return a >= 1 && a <= 4 ? { shape: [b, c, a], channelsFirst: true } : null;
}

function imageMeaning({ shape, channelsFirst }: ImageLayout): Meaning {
  return {
    kind: 'image',
    shape,
    counts: [],
    valueOf(elements) {
      const data = elements as TypedArray;
      return { kind: 'raw', shape, data: channelsFirst ? channelsLast(data, shape) : data };
    },
  };
}

/** Pixels of (channels, height, width) as (height, width, channels). */
export function channelsLast(data: TypedArray, shape: readonly number[]): TypedArray {
  const [height, width, channels] = shape as [number, number, number];
  const pixels = height * width;
  const out = data.slice();
  for (let c = 0; c < channels; c++)
    for (let p = 0; p < pixels; p++) out[p * channels + c] = data[c * pixels + p]!;
  return out;
}

function numbersMeaning(rest: readonly number[]): Meaning {
  const shape = rest.length ? rest : [1];
  return {
    kind: 'numbers',
    shape,
    counts: [],
    valueOf: (elements) => ({ kind: 'raw', shape, data: elements as TypedArray }),
  };
}

async function classMeaning(
  parts: readonly ArrayPart[],
  { classNames, signal }: ArrayData,
  forced: boolean,
): Promise<Meaning | null> {
  const all = new ValueCounts();
  const bySplit: { split: SplitName; values: ValueCounts }[] = [];
  for (const { array, split } of parts) {
    const values = new ValueCounts();
    for await (const [value] of array.samples(0)) {
      signal?.throwIfAborted();
      values.add(value!);
      all.add(value!);
      if (!all.counts) break;
    }
    bySplit.push({ split, values });
  }
  const { type } = parts[0]!.array;
  if (!all.counts || (type !== 'text' && !all.integers && !forced)) {
    if (forced || type === 'text')
      throw dataError(`${parts[0]!.array.path} has too many different values to be classes`);
    return null;
  }
  const distinct = all.counts.size;
  if (!forced && type === 'float' && distinct > MOST_FLOAT_CLASSES) return null;
  if (!forced && type !== 'text' && distinct > 20 && distinct > all.total / 2) return null;
  const classes = classesOf(all, classNames);
  return {
    kind: 'class',
    classes: classes.names,
    counts: bySplit.map(({ split, values }) => ({
      split,
      counts: countsOf(classes, values),
    })),
    valueOf([value]) {
      const index = classes.indexOf(value!);
      return index === null ? null : { kind: 'class', index };
    },
  };
}

/** Classes that are written as rows of zeros with a single one; null when they are not. */
async function oneHotMeaning(
  parts: readonly ArrayPart[],
  { classNames, signal }: ArrayData,
): Promise<Meaning | null> {
  const width = parts[0]!.array.shape[1]!;
  if (width < 2) return null;
  const all: ClassCounts[] = [];
  for (const { array, split } of parts) {
    const counts = new Array<number>(width).fill(0);
    for await (const row of array.samples(0)) {
      signal?.throwIfAborted();
      const index = hotIndex(row as TypedArray);
      if (index === null) return null;
      counts[index]!++;
    }
    all.push({ split, counts });
  }
  return {
    kind: 'class',
    classes: Array.from({ length: width }, (_, i) => classNames?.[i] ?? String(i)),
    counts: all,
    valueOf(row) {
      const index = hotIndex(row as TypedArray);
      return index === null ? null : { kind: 'class', index };
    },
  };
}

function hotIndex(row: TypedArray): number | null {
  let index: number | null = null;
  for (let i = 0; i < row.length; i++) {
    if (row[i] === 0) continue;
    if (row[i] !== 1 || index !== null) return null;
    index = i;
  }
  return index;
}
