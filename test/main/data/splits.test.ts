import { describe, expect, test } from 'vitest';
import { limitSamples, splitData } from '../../../main/data/splits.ts';
import type { Dataset } from '../../../main/data/dataset.ts';
import { split, type Split } from '../../../shared/data/split.ts';
import { tensor } from '../../../shared/program/tensor.ts';

const CLASSES = ['cat', 'dog', 'eel'];

/** Samples of these classes; their numbers from `from` on are the values of `number`. */
function labelled(labels: readonly number[], from = 0): Dataset {
  return {
    name: 'pets',
    size: labels.length,
    elements: {
      label: { shape: [], dtype: 'int32', kind: 'class', classes: CLASSES },
      number: { shape: [], dtype: 'float32', kind: 'numbers' },
    },
    async batch(indices) {
      const numbers = Array.from(indices);
      return {
        label: tensor(numbers.map((i) => labels[i]!), [numbers.length], 'int32'),
        number: tensor(numbers.map((i) => from + i), [numbers.length]),
      }; // prettier-ignore
    },
  };
}

type Part = 'all' | 'train' | 'validation' | 'test';
const data = (...parts: (readonly [Part, Dataset])[]) => ({
  name: 'pets',
  splits: parts.map(([name, dataset]) => ({ name, from: 0, dataset })),
});
const settings = (some: Partial<Split> = {}) => split.parse(some);

const all = async (dataset: Dataset) =>
  dataset.batch(Array.from({ length: dataset.size }, (_, i) => i));
const numbers = async (dataset: Dataset) => [...(await all(dataset))['number']!.data];
const counts = async (dataset: Dataset) => {
  const labels = [...(await all(dataset))['label']!.data];
  return CLASSES.map((_, label) => labels.filter((one) => one === label).length);
};

const pets = labelled([
  ...Array<number>(50).fill(0),
  ...Array<number>(30).fill(1),
  ...Array<number>(20).fill(2),
]);

describe('by ratio', () => {
  test('every class has its share in every part, and no sample is in two', async () => {
    const { train, validation, how } = await splitData(
      data(['all', pets]),
      settings({ validation: 0.2, test: 0.1 }),
    );
    expect(await counts(validation)).toEqual([10, 6, 4]);
    expect(await counts(train)).toEqual([35, 21, 14]);
    const used = [...(await numbers(train)), ...(await numbers(validation))];
    expect(new Set(used).size).toBe(90);
    expect(how).toBe('by ratio, every class alike: 20 % for validation, 10 % kept out');
  });

  test('depends on the split’s seed alone', async () => {
    const of = async (seed: number) =>
      numbers((await splitData(data(['all', pets]), settings({ seed }))).validation);
    expect(await of(3)).toEqual(await of(3));
    expect(await of(3)).not.toEqual(await of(4));
  });

  test('without regard to classes takes the share of all', async () => {
    const { validation } = await splitData(data(['all', pets]), settings({ stratify: false }));
    expect(validation.size).toBe(20);
  });

  test('a class of two samples has one in each part; one of a single sample is refused', async () => {
    const few = (last: number[]) =>
      data(['all', labelled([...Array<number>(10).fill(0), ...last])]);
    const { train, validation } = await splitData(few([1, 1]), settings({ validation: 0.1 }));
    expect([await counts(train), await counts(validation)]).toEqual([[9, 1, 0], [1, 1, 0]]); // prettier-ignore
    await expect(splitData(few([1]), settings(), ['label'])).rejects.toThrow(
      'class dog of pets has 1 sample, too few for 2 parts; stratify: false splits without regard to classes',
    );
    await expect(splitData(few([1, 1]), settings({ test: 0.2 }), ['label'])).rejects.toThrow(
      /class dog.*2 samples, too few for 3/,
    );
    const unlearnt = await splitData(few([1]), settings());
    expect(await counts(unlearnt.train)).toEqual([8, 1, 0]);
    const { train: left } = await splitData(few([1]), settings({ stratify: false }));
    expect(left.size).toBe(9);
  });

  test('shares that leave nothing are refused', async () => {
    const shares = (validation: number, test: number) =>
      splitData(data(['all', pets]), settings({ validation, test }));
    await expect(shares(0.6, 0.4)).rejects.toThrow(/leave nothing to train on/);
    await expect(shares(0, 0)).rejects.toThrow(/nothing to be judged by/);
    await expect(
      splitData(data(['all', labelled([0])]), settings({ stratify: false })),
    ).rejects.toThrow('pets has 1 sample, too few for 2 parts');
  });
});

describe('as given', () => {
  const [a, b, c] = [labelled([0, 1, 2, 0]), labelled([0, 1], 100), labelled([2], 200)];
  test('by itself where there is a part to validate on: validation before test', async () => {
    const three = await splitData(data(['train', a], ['validation', b], ['test', c]), settings());
    expect([await numbers(three.train), await numbers(three.validation)]).toEqual([[0, 1, 2, 3], [100, 101]]); // prettier-ignore
    const two = await splitData(data(['train', a], ['test', c]), settings());
    expect(await numbers(two.validation)).toEqual([200]);
    expect(two.how).toBe('as given: train and test');
  });

  test('by ratio leaves the given parts alone', async () => {
    const { train, validation } = await splitData(
      data(['train', pets], ['test', c]),
      settings({ by: 'ratio', validation: 0.5 }),
    );
    expect([train.size, validation.size]).toEqual([50, 50]);
    expect(await numbers(validation)).not.toContain(200);
  });

  test('is refused where it is not', async () => {
    await expect(splitData(data(['train', a]), settings({ by: 'given' }))).rejects.toThrow(
      'pets has the parts train (4); to split as given it needs train, and validation or test',
    );
    await expect(splitData(data(['validation', b], ['test', c]), settings())).rejects.toThrow(
      /none of them is there to train on/,
    );
  });
});

test('a limit keeps the first samples; of samples sorted by class evenly spaced ones', async () => {
  expect(await numbers(await limitSamples(labelled([0, 2, 1, 0, 1, 2]), 3))).toEqual([0, 1, 2]);
  expect(await counts(await limitSamples(pets, 10))).toEqual([5, 3, 2]);
  expect(await limitSamples(pets, 100)).toBe(pets);
  expect(await limitSamples(pets, null)).toBe(pets);
});
