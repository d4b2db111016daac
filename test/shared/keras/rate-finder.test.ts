import { expect, test } from 'vitest';
import { createRateFinder } from '../../../shared/keras/rate-finder.ts';

/** Gradient descent on (w - 1)^2 from w = 5: it falls while the rate is below 1, and then runs away. */
function descend(range: { from: number; to: number; steps: number }) {
  const finder = createRateFinder(range);
  let w = 5;
  for (let rate = finder.next(); rate !== null; rate = finder.next()) {
    finder.take((w - 1) ** 2);
    w -= rate * 2 * (w - 1);
  }
  return finder.curve();
}

test('rates grow by the same factor from the first to the last', () => {
  const finder = createRateFinder({ from: 1e-4, to: 1, steps: 5 });
  const rates: number[] = [];
  for (let rate = finder.next(); rate !== null; rate = finder.next()) {
    rates.push(rate);
    finder.take(1);
  }
  expect(rates.map((rate) => Math.log10(rate))).toEqual(
    [-4, -3, -2, -1, 0].map((power) => expect.closeTo(power, 9) as number),
  );
  const { suggestion, diverged, points } = finder.curve();
  expect(suggestion).toBeNull();
  expect(diverged).toBe(false);
  expect(points.map(({ smoothed }) => smoothed)).toEqual(
    points.map(() => expect.closeTo(1, 12) as number),
  );
});

test('the suggestion lies where the loss falls, and a loss that runs away ends the test', () => {
  const { points, suggestion, least, diverged } = descend({ from: 1e-4, to: 100, steps: 120 });
  expect(diverged).toBe(true);
  expect(points.length).toBeLessThan(120);
  expect(points.at(-1)!.rate).toBeGreaterThan(1);
  expect(suggestion).toBeGreaterThan(1e-3);
  expect(suggestion).toBeLessThan(1);
  expect(least).toBeGreaterThan(suggestion!);
});

test('a loss that is no number ends it; the points before stay', () => {
  const finder = createRateFinder({ from: 1e-4, to: 1, steps: 50 });
  for (const loss of [3, 2, NaN]) {
    finder.next();
    finder.take(loss);
  }
  expect(finder.next()).toBeNull();
  expect(finder.curve()).toMatchObject({ diverged: true, least: expect.any(Number) as number });
});

test.each([
  [{ from: 0, to: 1, steps: 9 }],
  [{ from: 1, to: 1, steps: 9 }],
  [{ from: 0.1, to: 1, steps: 1 }],
  [{ from: 0.1, to: Infinity, steps: 9 }],
])('%j is no range', (range) => {
  expect(() => createRateFinder(range)).toThrow(/expected learning rates/);
});
