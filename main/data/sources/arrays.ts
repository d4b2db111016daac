import { formatShape } from '../../../shared/program/tensor.ts';
import { dataError } from '../dataset.ts';
import type { SourceKind, SourceSample, SourceSplit, SourceValue } from '../source.ts';
import type { TypedArray } from '../typed-array.ts';
import { columnOf, type ArrayColumn } from './array-columns.ts';
import { addClassProblems } from './classes.ts';
import type { Look, Recognised } from './look.ts';
import { counted, describeSplits, SPLIT_ORDER, type SplitName } from './names.ts';
import { WITHOUT_VALUE, type ProblemList } from './problems.ts';

/** An array in a file; its first axis counts the samples. */
export interface StoredArray {
  /** For people: `train-images-idx3-ubyte.gz`, `mnist.npz:x_train`. */
  readonly path: string;
  /** Changes when the file does. */
  readonly stamp: string;
  readonly shape: readonly number[];
  /** Of its elements. */
  readonly type: 'integer' | 'float' | 'text';
  /** Whether an element is one unsigned byte, as pixels usually are. */
  readonly bytes: boolean;
  /** Each sample's elements in C order, from number `from` on. Throws an Error that names a broken file. */
  samples(from: number): AsyncGenerator<TypedArray | readonly string[], undefined, void>;
}

/** An array and what it is in the data. */
export interface ArrayPart {
  readonly array: StoredArray;
  readonly split: SplitName;
  /** By its name: what a model is given, what belongs to that, or a column of its own. */
  readonly part: 'input' | 'target' | { readonly column: string };
  /** The name that corrections use. */
  readonly key: string;
}

export interface ArrayData extends Look {
  readonly kind: SourceKind;
  /** The start of the sentence that says what was recognised: `IDX files`. */
  readonly what: string;
  readonly parts: readonly ArrayPart[];
  /** Names of the classes where they are known. */
  readonly classNames?: readonly string[] | undefined;
}

/** Arrays as a source: those of one split side by side, as many samples as the longest input has. */
export async function arraySource(data: ArrayData): Promise<Recognised> {
  const { options, problems, kind } = data;
  const parts = data.parts.filter(({ key }) => options.columns?.[key] !== 'ignore');
  const groups = new Map<string, ArrayPart[]>();
  for (const part of parts) {
    const key = typeof part.part === 'string' ? part.part : `column ${part.part.column}`;
    groups.set(key, [...(groups.get(key) ?? []), part]);
  }
  const columns: ArrayColumn[] = [];
  for (const group of groups.values()) columns.push(await columnOf(group, data));
  if (columns.filter(({ column }) => column.kind === 'image').length > 1)
    for (const column of columns)
      if (column.column.name === 'image') column.column = { ...column.column, name: 'input' };
  const splits = SPLIT_ORDER.filter((split) => parts.some((part) => part.split === split)).map(
    (split) => splitOf(split, columns, problems),
  );
  if (splits.every(({ size }) => size === 0)) throw dataError(`${data.root} holds no samples`);
  for (const { column, counts } of columns)
    if (column.classes) addClassProblems(column.classes, counts, problems);
  return {
    kind,
    stamp: [...new Set(parts.map(({ array }) => array.stamp))].join(' '),
    recognised: `${data.what}: ${describe(columns, splits)}`,
    columns: columns.map(({ column }) => column),
    fields: [...new Set(data.parts.map(({ key }) => key))],
    splits,
    uses: (path) => parts.some(({ array }) => array.path.startsWith(path)),
  };
}

function splitOf(
  name: SplitName,
  columns: readonly ArrayColumn[],
  problems: ProblemList,
): SourceSplit {
  const members = columns.flatMap(({ column, part, members }) => {
    const member = members.get(name);
    return member ? [{ ...member, column: column.name, part }] : [];
  });
  const first = members.find(({ part }) => part === 'input') ?? members[0]!;
  const size = first.array.shape[0]!;
  for (const { array, column } of members)
    if (array.shape[0] !== size)
      throw dataError(
        `${first.array.path} holds ${counted(size, 'sample')}, ${array.path} ${array.shape[0]!.toLocaleString('en-US')}: ` +
          `it is not known which ${column} belongs to which ${first.column}`,
      );
  const absent = columns.filter(({ members }) => !members.has(name));
  for (const { column } of absent)
    problems.add(
      column.kind === 'class' ? 'missing-label' : 'missing-value',
      first.array.path,
      `${counted(size, 'sample')} of ${name} have no ${column.name}`,
      WITHOUT_VALUE,
    );
  const stamp = members.map(({ array }) => array.stamp).join(' ');
  async function* samples(from = 0): AsyncGenerator<SourceSample, undefined, void> {
    const readers = members.map(({ array }) => array.samples(Math.min(from, size)));
    try {
      for (let i = from; i < size; i++) {
        const values: Record<string, SourceValue | null> = {};
        for (const { column } of absent) values[column.name] = null;
        for (const [m, { column, valueOf }] of members.entries()) {
          const { value } = await readers[m]!.next();
          values[column] = value ? valueOf(value) : null;
        }
        yield { name: `${first.array.path}[${i}]`, stamp, values };
      }
    } finally {
      await Promise.all(readers.map((reader) => reader.return(undefined)));
    }
    return undefined;
  }
  return { name, size, samples };
}

/** `image (pixels) of shape (28, 28, 1), label of 10 classes; 70,000 samples (train 60,000, test 10,000)`. */
function describe(columns: readonly ArrayColumn[], splits: readonly SourceSplit[]): string {
  const what = columns.map(({ column: { name, kind, shape, classes } }) => {
    if (kind === 'class') return `${name} of ${counted(classes!.length, 'class', 'classes')}`;
    return `${name}${kind === 'image' ? ' (pixels)' : ''} of shape ${shape ? formatShape(shape) : 'varying'}`;
  });
  return `${what.join(', ')}; ${describeSplits(splits, 'sample')}`;
}
