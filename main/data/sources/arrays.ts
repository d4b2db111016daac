import { formatShape, sizeOf } from '../../../shared/program/tensor.ts';
import { dataError } from '../dataset.ts';
import type { Source, SourceColumn, SourceKind, SourceSample, SourceValue } from '../source.ts';
import type { TypedArray } from '../typed-array.ts';
import { addClassProblems, classesOf, ValueCounts, type Classes } from './classes.ts';
import { counted, SPLIT_ORDER, type SplitName } from './names.ts';
import type { ColumnRole, RecogniseOptions } from './options.ts';
import type { ProblemList } from './problems.ts';

/** An array in a file; its first axis counts the samples. */
export interface StoredArray {
  /** For people: `train-images-idx3-ubyte.gz`, `mnist.npz:x_train`. */
  readonly path: string;
  /** Changes when the file does. */
  readonly stamp: string;
  readonly shape: readonly number[];
  /** Of the elements; `U` is text. */
  readonly type: string;
  /** Each sample's elements from number `from` on, in C order. Throws an Error that names the file when it is broken. */
  samples(from: number): AsyncGenerator<TypedArray | readonly string[], undefined, void>;
}

/** An array and what it is in the data. */
export interface ArrayPart {
  readonly array: StoredArray;
  readonly split: SplitName;
  /** What it is by its name: the input, what belongs to it, or a column of its own. */
  readonly part: 'input' | 'target' | { readonly column: string };
  /** The name that corrections use. */
  readonly key: string;
}

export interface ArrayData {
  readonly kind: SourceKind;
  readonly name: string;
  /** The start of the sentence that says what was recognised: `IDX files`. */
  readonly what: string;
  readonly parts: readonly ArrayPart[];
  readonly problems: ProblemList;
  readonly options: RecogniseOptions;
  /** Names of the classes where a file or the name of the data gives them. */
  readonly classNames?: readonly string[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One column in one split. */
interface Member {
  readonly array: StoredArray;
  readonly key: string;
  value(elements: TypedArray | readonly string[]): SourceValue | null;
}

interface Column {
  readonly column: SourceColumn;
  readonly members: ReadonlyMap<SplitName, Member>;
  readonly classCounts?: ReadonlyMap<SplitName, readonly number[]>;
}

/** Arrays as a source: those of one split side by side, as long as the longest input. */
export async function arraySource(data: ArrayData): Promise<Source> {
  const { parts, problems } = data;
  const used = parts.filter(({ key }) => data.options.columns?.[key] !== 'ignore');
  const splits = SPLIT_ORDER.filter((split) => used.some((part) => part.split === split));
  const columns: Column[] = [];
  const groups = Map.groupBy
    ? Map.groupBy(used, columnKey)
    : groupBy(used, columnKey);
  for (const group of groups.values()) columns.push(await columnOf(group, data));
  renameTarget(columns);
  return {
    kind: data.kind,
    name: data.name,
    recognised: sentence(data.what, columns, splits),
    columns: columns.map(({ column }) => column),
    splits: splits.map((split) => splitOf(split, columns, problems)),
    problems: (addColumnProblems(columns, splits, problems), problems.list()),
  };
}
