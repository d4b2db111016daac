import { expect, test } from 'vitest';
import {
  countTicks,
  linearTicks,
  logTicks,
  partTicks,
  timeTicks,
} from '../../../renderer/charts/ticks.ts';

test('epochs and steps are counted in whole round numbers', () => {
  expect(countTicks(0, 12, 7)).toEqual([0, 2, 4, 6, 8, 10, 12]);
  expect(countTicks(0, 1, 7)).toEqual([0, 1]);
  expect(countTicks(0, 4690, 7)).toEqual([0, 1000, 2000, 3000, 4000]);
});

test('a part of an axis has the round places that lie in it', () => {
  expect(countTicks(1234, 1290, 6)).toEqual([1240, 1250, 1260, 1270, 1280, 1290]);
  expect(partTicks(2.1, 2.4, 4).map((tick) => Number(tick.toFixed(6)))).toEqual([
    2.1, 2.2, 2.3, 2.4,
  ]);
  expect(partTicks(0, 12, 7)).toEqual(countTicks(0, 12, 7));
  expect(timeTicks(65, 125, 6)).toEqual([70, 80, 90, 100, 110, 120]);
});

test('time is counted in steps that clocks know', () => {
  expect(timeTicks(0, 60, 6)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(timeTicks(0, 3000, 6)).toEqual([0, 600, 1200, 1800, 2400, 3000]);
});

test('losses on a logarithmic axis stand at 1, 2 and 5', () => {
  expect(logTicks(0.0072, 0.25, 9)).toEqual([0.01, 0.02, 0.05, 0.1, 0.2]);
  expect(logTicks(1e-8, 1, 9)).toEqual([1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 1]);
  expect(logTicks(0.031, 0.039, 4)).toHaveLength(4);
  expect(logTicks(1e-20, 1, 7).length).toBeLessThanOrEqual(7);
});

test('a linear axis has round values', () => {
  const ticks = linearTicks(0, 0.25, 5);
  expect(ticks.map((tick) => Number(tick.toFixed(6)))).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25]);
});
