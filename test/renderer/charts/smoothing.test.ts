import { expect, test } from 'vitest';
import { Series } from '../../../renderer/charts/series.ts';
import { smoothed } from '../../../renderer/charts/smoothing.ts';

function series(values: readonly number[]): Series {
  const result = new Series();
  values.forEach((value) => result.push(value));
  return result;
}

test('averages what there is at first, then with the weight, and passes over what is not finite', () => {
  expect([...smoothed(series([1, NaN, 1, 1]), 0.1).values]).toEqual([1, 1, 1, 1]);
  expect([...smoothed(series([0, 3, 0]), 0.5).values]).toEqual([0, 2, 1]);
  expect([...smoothed(series([5, 1, 2]), 1).values]).toEqual([5, 1, 2]);
});

test('goes on where it was, and begins anew when numbers are taken back', () => {
  const source = series([4, 2]);
  const first = smoothed(source, 0.25);
  source.push(8);
  expect(smoothed(source, 0.25)).toBe(first);
  expect(first.length).toBe(3);
  source.truncate(1);
  source.push(6);
  expect([...smoothed(source, 0.25).values]).toEqual([...smoothed(series([4, 6]), 0.25).values]);
});
