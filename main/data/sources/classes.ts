import { compareNames, counted, someOf, type SplitName } from './names.ts';
import type { ProblemList } from './problems.ts';

/** More different values than this are no classes. */
const MOST_CLASSES = 10_000;

/** Integers up to this large are indices of classes themselves, wherever enough of them occur. */
const MOST_INDEX = 1000;

/** Counts how often each value of a column occurs, as long as they can be classes. */
export class ValueCounts {
  /** How often each value occurs, by its text; null once there are more than `MOST_CLASSES`. */
  counts: Map<string, number> | null = new Map();
  total = 0;
  #integers = true;
  #numbers = true;

  /** Counts a value and says whether it is one: see `isBlank`. */
  add(value: string | number | null): boolean {
    if (value === null || isBlank(value)) return false;
    this.total++;
    if (this.#numbers) {
      const number = Number(value);
      if (!Number.isInteger(number)) {
        this.#integers = false;
        if (Number.isNaN(number)) this.#numbers = false;
      }
    }
    if (!this.counts) return true;
    const key = classKey(value);
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
    if (this.counts.size > MOST_CLASSES) this.counts = null;
    return true;
  }

  /** Whether all values are whole numbers. */
  get integers(): boolean {
    return this.#integers && this.total > 0;
  }

  /** Whether all values are numbers. */
  get numbers(): boolean {
    return this.#numbers && this.total > 0;
  }
}

/** Whether a cell holds no value: it is empty or blank, or NaN as tables of pandas have it. */
function isBlank(value: string | number): boolean {
  return typeof value === 'number' ? Number.isNaN(value) : /^\s*(nan)?\s*$/i.test(value);
}

/** A value as a class's name: `7`, `7.0` and ` 7` are the same class. */
export function classKey(value: string | number): string {
  const text = String(value).trim();
  const number = Number(text);
  return text !== '' && Number.isInteger(number) && /^[-+\d.]+$/.test(text)
    ? String(number)
    : text.normalize('NFC');
}

/** Classes and how a value finds its index. */
export interface Classes {
  readonly names: readonly string[];
  /** The index of a value's class, or null where it has none. */
  readonly indexOf: (value: string | number) => number | null;
}

/** How often each class occurs among values. */
export function countsOf({ names, indexOf }: Classes, values: ValueCounts | undefined): number[] {
  const counts = new Array<number>(names.length).fill(0);
  for (const [key, count] of values?.counts ?? []) {
    const index = indexOf(key);
    if (index !== null) counts[index]! += count;
  }
  return counts;
}

/**
 * The classes of values. Whole numbers from 0 on are the indices themselves, as in Keras, up to the largest, so a
 * number that doesn't occur is an empty class; `names` may name them, and a negative number is no class then. Other values
 * are sorted.
 */
export function classesOf(values: ValueCounts, names?: readonly string[]): Classes {
  const keys = [...(values.counts?.keys() ?? [])];
  if (values.integers) {
    const numbers = keys.map(Number);
    const largest = numbers.reduce((a, b) => Math.max(a, b), -1);
    const dense =
      largest < Math.min(MOST_INDEX, 4 * keys.length + 16) && numbers.every((n) => n >= 0);
    if (numbers.every(Number.isInteger) && (dense || names)) {
      const count = Math.max(largest + 1, names?.length ?? 0);
      const all = Array.from({ length: count }, (_, i) => names?.[i] ?? String(i));
      return {
        names: all,
        indexOf(value) {
          const index = isBlank(value) ? -1 : Number(value);
          return Number.isInteger(index) && index >= 0 && index < count ? index : null;
        },
      };
    }
  }
  return namedClasses(keys);
}

/** Classes by their names, sorted. */
export function namedClasses(unsorted: Iterable<string>): Classes {
  const names = [...new Set(unsorted)].sort(compareNames);
  const indices = new Map(names.map((name, i) => [name, i]));
  return { names, indexOf: (value) => indices.get(classKey(value)) ?? null };
}

/** How many samples of each class a split holds. */
export interface ClassCounts {
  readonly split: SplitName;
  readonly counts: readonly number[];
}

/** From this ratio of the largest class to the smallest on, an imbalance is a problem. */
const IMBALANCE = 10;

/** Lists empty classes, classes that only some splits have, and a strong imbalance in what is trained on. */
export function addClassProblems(
  names: readonly string[],
  splits: readonly ClassCounts[],
  problems: ProblemList,
  pathOf: (name: string, split: SplitName) => string = () => '.',
): void {
  if (names.length === 0 || splits.length === 0) return;
  const main = splits.find(({ split }) => split === 'train') ?? splits[0]!;
  const others = splits.filter((other) => other !== main);
  names.forEach((name, i) => {
    const holders = splits.filter(({ counts }) => counts[i]);
    const path = pathOf(name, main.split);
    if (holders.length === 0)
      problems.add(
        'empty-class',
        path,
        `no sample is of class ${name}`,
        'kept as a class without samples',
      );
    else if (!main.counts[i])
      problems.add(
        'class-mismatch',
        pathOf(name, holders[0]!.split),
        `class ${name} occurs in ${holders.map(({ split }) => split).join(' and ')}, but not in ${main.split}`,
        'kept; a model can not learn it',
      );
    else
      for (const { split, counts } of others)
        if (!counts[i] && counts.some(Boolean))
          problems.add(
            'class-mismatch',
            pathOf(name, split),
            `class ${name} occurs in ${main.split}, but not in ${split}`,
            'kept; it can not be judged there',
          );
  });
  addImbalance(names, main, problems);
}

function addImbalance(
  names: readonly string[],
  { split, counts }: ClassCounts,
  problems: ProblemList,
) {
  const filled = names
    .map((name, i) => ({ name, count: counts[i] ?? 0 }))
    .filter(({ count }) => count);
  if (filled.length < 2) return;
  const largest = filled.reduce((a, b) => (b.count > a.count ? b : a));
  const smallest = filled.reduce((a, b) => (b.count < a.count ? b : a));
  if (largest.count < IMBALANCE * smallest.count) return;
  const rare = filled.filter(({ count }) => largest.count >= IMBALANCE * count);
  problems.add(
    'imbalance',
    split === 'all' ? '.' : split,
    `class ${largest.name} has ${counted(largest.count, 'sample')}, class ${smallest.name} only ${smallest.count.toLocaleString('en-US')}` +
      (rare.length > 1 ? ` (rare: ${someOf(rare.map(({ name }) => name))})` : ''),
    'kept as it is; class weights or more samples would help',
  );
}
