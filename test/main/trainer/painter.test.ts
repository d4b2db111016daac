import { expect, test } from 'vitest';
import { pictureSteps } from '../../../main/trainer/painter.ts';

const stepsOf = (epochs: number, stepsPerEpoch: number) => {
  const { fixed, regular } = pictureSteps(epochs, stepsPerEpoch);
  return Array.from({ length: epochs * stepsPerEpoch + 1 }, (_, step) => step).filter(
    (step) => fixed(step) || regular(step),
  );
};

test('pictures come early and often at first, then evenly, and at the ends of epochs', () => {
  const steps = stepsOf(2, 469);
  expect(steps.slice(0, 8)).toEqual([0, 1, 2, 5, 10, 20, 30, 40]);
  expect(steps).toContain(469);
  expect(steps.at(-1)).toBe(938);
});

test.each([
  [10, 469],
  [1000, 4],
  [100_000, 1],
  [1, 1_000_000],
])('%i epochs of %i steps give a few hundred pictures at most', (epochs, stepsPerEpoch) => {
  const steps = stepsOf(epochs, stepsPerEpoch);
  expect(steps.length).toBeGreaterThan(100);
  expect(steps.length).toBeLessThan(410);
});
