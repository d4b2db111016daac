import { expect, test } from 'vitest';
import { compareRuns } from '../../../shared/api/compare-runs.ts';
import type { RunSummary } from '../../../shared/api/contract.ts';
import { filterRuns, sortRuns, type RunFilter } from '../../../shared/api/find-runs.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';

function runOf(number: number, more: Partial<RunSummary> = {}, settings: object = {}): RunSummary {
  return {
    id: `000${number}-abc`,
    number,
    folder: `/runs/000${number}`,
    state: 'finished',
    created: 1000 * number,
    settings: trainingSettings.parse({ model: 'autoencoder', ...settings }),
    lastStep: 10 * number,
    seq: 1,
    ...more,
  };
}
const epoch = (epoch: number, valLoss: number | null) => ({
  epoch,
  step: epoch,
  loss: 1,
  valLoss,
  samplesPerSecond: 100,
  seconds: 1,
});

const runs = [
  runOf(1, { tags: ['keep', 'wide'], note: 'The first one', bestEpoch: epoch(2, 0.5) }),
  runOf(2, { state: 'failed', error: { code: 'NAN', message: 'NaN at step 214' } }, { seed: 7 }),
  runOf(3, { tags: ['keep'], bestEpoch: epoch(1, 0.1) }, { batch_size: 32 }),
];
const numbers = (list: readonly RunSummary[]) => list.map(({ number }) => number);
const found = (filter: Partial<RunFilter>) =>
  numbers(filterRuns(runs, { text: '', states: null, tags: [], ...filter }));

test('runs are found by words in all that is known of them, by state and by tags', () => {
  expect(found({})).toEqual([1, 2, 3]);
  expect(found({ text: 'FIRST one' })).toEqual([1]);
  expect(found({ text: 'nan step' })).toEqual([2]);
  expect(found({ text: 'seed=7' })).toEqual([2]);
  expect(found({ text: 'batch_size=32' })).toEqual([3]);
  expect(found({ text: '#3' })).toEqual([3]);
  expect(found({ text: 'first 7' })).toEqual([]);
  expect(found({ states: ['failed'] })).toEqual([2]);
  expect(found({ tags: ['keep'] })).toEqual([1, 3]);
  expect(found({ tags: ['keep', 'wide'] })).toEqual([1]);
});

test('runs without a value come last, whichever way they are sorted', () => {
  expect(numbers(sortRuns(runs, 'best', false))).toEqual([3, 1, 2]);
  expect(numbers(sortRuns(runs, 'best', true))).toEqual([1, 3, 2]);
  expect(numbers(sortRuns(runs, 'created', true))).toEqual([3, 2, 1]);
  expect(numbers(sortRuns(runs, 'state', false))).toEqual([2, 1, 3]);
});

test('what differs between runs is told by key, and NaN is the same as NaN', () => {
  const nan = { lastEpoch: epoch(1, NaN) };
  const facts = compareRuns([
    runOf(1, nan, { optimizer: { class_name: 'Adam', config: { learning_rate: 0.01 } } }),
    runOf(2, nan, { optimizer: { class_name: 'SGD', config: {} } }),
  ]);
  const by = new Map(facts.map((fact) => [fact.key, fact]));
  expect(by.get('optimizer')).toMatchObject({ values: ['Adam', 'SGD'], differs: true });
  expect(by.get('optimizer.learning_rate')).toMatchObject({
    values: [0.01, undefined],
    differs: true,
  });
  expect(by.get('batch_size')).toMatchObject({ values: [128, 128], differs: false });
  expect(by.get('val_loss')).toMatchObject({ group: 'results', differs: false });
  expect(by.get('steps')).toMatchObject({ values: [10, 20], differs: true });
});
