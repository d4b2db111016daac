import { StudioError } from '../../shared/api/errors.ts';
import type { Split } from '../../shared/data/split.ts';
import { createRandom } from '../../shared/random.ts';
import { classesOfSamples, selectSamples, type Dataset } from './dataset.ts';
import type { ImportedData } from './store/imported.ts';

/** Samples to learn from and samples to judge by. */
export interface SplitData {
  readonly train: Dataset;
  readonly validation: Dataset;
  /** For people, in English: how they came about. */
  readonly how: string;
}

type Given = Pick<ImportedData, 'name' | 'splits'>;

/**
 * Takes data apart as the settings say; which sample goes where depends on them and on the samples' numbers alone.
 * Throws a StudioError when a part would be empty, a class that is `needed` has too few samples for its share in every
 * part (where nothing learns the classes, small ones are taken together), or a part
 * that is asked for is not given.
 */
export async function splitData(
  data: Given,
  settings: Split,
  needed: readonly string[] = [],
): Promise<SplitData> {
  const part = (name: string) =>
    data.splits.find((one) => one.name === name && one.dataset.size > 0);
  const pool =
    part('train') ?? part('all') ?? (data.splits.length === 1 ? data.splits[0] : undefined);
  const judged = part('validation') ?? part('test');
  const names = data.splits.map(({ name, dataset }) => `${name} (${dataset.size})`).join(', ');
  const given = pool && judged && judged !== pool;
  if (settings.by === 'given' && !given)
    throw splitError(
      `${data.name} has the parts ${names}; to split as given it needs train, and validation or test`,
    );
  if (given && settings.by !== 'ratio')
    return {
      train: pool.dataset,
      validation: judged.dataset,
      how: `as given: ${pool.name} and ${judged.name}`,
    };
  if (!pool)
    throw splitError(`${data.name} has the parts ${names}; none of them is there to train on`);
  return byRatio(data.name, pool.dataset, settings, needed);
}

async function byRatio(
  name: string,
  pool: Dataset,
  settings: Split,
  needed: readonly string[],
): Promise<SplitData> {
  const { validation, test, stratify, seed } = settings;
  if (validation + test >= 1)
    throw splitError(
      `the shares ${validation} for validation and ${test} for test leave nothing to train on`,
    );
  if (validation === 0)
    throw splitError(`a share of 0 for validation leaves ${name} nothing to be judged by`);
  const element = Object.entries(pool.elements).find(([, { kind }]) => kind === 'class')?.[0];
  const asked = 1 + Number(validation > 0) + Number(test > 0);
  const byClass = stratify && element !== undefined;
  const every = () => new Map([[null, Array.from({ length: pool.size }, (_, i) => i)]]);
  let groups = byClass ? groupsOf(await classesOfSamples(pool, element)) : every();
  if (byClass && !needed.includes(element)) groups = withoutSmall(groups, asked);
  const random = createRandom(seed, 'split');
  const parts = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  for (const [label, members] of groups) {
    if (members.length < asked) {
      const what =
        label === null
          ? name
          : `class ${pool.elements[element!]!.classes?.[label] ?? label} of ${name}`;
      const hint = label === null ? '' : '; stratify: false splits without regard to classes';
      throw splitError(
        `${what} has ${members.length} ${members.length === 1 ? 'sample' : 'samples'}, too few for ${asked} parts${hint}`,
      );
    }
    const order = random.permutation(members.length);
    const [forTest, forValidation] = counts(members.length, test, validation);
    order.forEach((at, i) => {
      const to = i < forTest ? 'test' : i < forTest + forValidation ? 'validation' : 'train';
      parts[to].push(members[at]!);
    });
  }
  const select = (part: keyof typeof parts) =>
    selectSamples(pool, Int32Array.from(parts[part]).sort(), `${name}/${part}`);
  const percent = (share: number) => `${Math.round(share * 1000) / 10} %`;
  const by = byClass ? 'by ratio, every class alike' : 'by ratio';
  return {
    train: select('train'),
    validation: select('validation'),
    how: `${by}: ${percent(validation)} for validation${test > 0 ? `, ${percent(test)} kept out` : ''}`,
  };
}

/** How many of n samples go to two parts: the nearest whole numbers, at least 1 where a share is asked for, 1 left over. */
function counts(n: number, first: number, second: number): [number, number] {
  const least = (share: number) => (share > 0 ? 1 : 0);
  const one = Math.min(Math.max(Math.round(n * first), least(first)), n - 1 - least(second));
  return [one, Math.min(Math.max(Math.round(n * second), least(second)), n - 1 - one)];
}

/** The numbers of the samples of each class, classes in order. */
function groupsOf(classes: Int32Array): Map<number | null, number[]> {
  const members = new Map<number, number[]>();
  classes.forEach((label, sample) => {
    const list = members.get(label);
    if (list) list.push(sample);
    else members.set(label, [sample]);
  });
  return new Map([...members].sort(([a], [b]) => a - b));
}

/** Groups with those that have fewer than `least` members as one; it stays with the largest where it is still too small. */
function withoutSmall(
  groups: ReadonlyMap<number | null, number[]>,
  least: number,
): Map<number | null, number[]> {
  const large = [...groups].filter(([, { length }]) => length >= least);
  const rest = [...groups.values()].filter(({ length }) => length < least).flat();
  if (rest.length === 0) return new Map(groups);
  if (rest.length >= least || large.length === 0) return new Map([...large, [null, rest]]);
  const [most] = [...large].sort(([, a], [, b]) => b.length - a.length);
  return new Map(
    large.map(([label, list]) => [label, label === most![0] ? [...list, ...rest] : list]),
  );
}

/**
 * Uses only so many samples: the first ones, or where samples lie sorted by class evenly spaced ones, so that no class
 * is left out for its place. All when there are no more or `limit` is null.
 */
export async function limitSamples(dataset: Dataset, limit: number | null): Promise<Dataset> {
  const { size, elements } = dataset;
  if (limit === null || limit >= size) return dataset;
  const element = Object.entries(elements).find(([, { kind }]) => kind === 'class')?.[0];
  const sorted = element !== undefined && isSorted(await classesOfSamples(dataset, element));
  const at = (i: number) => (sorted ? Math.floor(((i + 0.5) * size) / limit) : i);
  return selectSamples(
    dataset,
    Int32Array.from({ length: limit }, (_, i) => at(i)),
  );
}

function isSorted(classes: Int32Array): boolean {
  return (
    classes[0] !== classes.at(-1) &&
    classes.every((label, i) => i === 0 || label >= classes[i - 1]!)
  );
}

function splitError(message: string): StudioError {
  return new StudioError('BAD_SPLIT', message);
}
