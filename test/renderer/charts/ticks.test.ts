import { expect, test } from 'vitest';
import { countTicks, linearTicks, logTicks, timeTicks } from '../../../renderer/charts/ticks.ts';

test('epochs and steps are counted in whole round numbers', () => {
  expect(countTicks(12, 7)).toEqual([0, 2, 4, 6, 8, 10, 12]);
  expect(countTicks(1, 7)).toEqual([0, 1]);
  expect(countTicks(4690, 7)).toEqual([0, 1000, 2000, 3000, 4000]);
});

test('time is counted in steps that clocks know', () => {
  expect(timeTicks(60, 6)).toEqual([0, 10, 20, 30, 40, 50, 60]);
  expect(timeTicks(3000, 6)).toEqual([0, 600, 1200, 1800, 2400, 3000]);
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
