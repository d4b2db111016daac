import { expect, test } from 'vitest';
import { panned, within, zoomed } from '../../../renderer/charts/view.ts';

const whole = { min: 0, max: 100 };

test('zooming keeps the place under the pointer where it is', () => {
  const near = zoomed(whole, whole, 25, 0.5)!;
  expect(near).toEqual({ min: 12.5, max: 62.5 });
  expect((25 - near.min) / (near.max - near.min)).toBe(0.25);
  expect(zoomed(near, whole, 25, 2)).toBeNull();
});

test('moving stops at the ends and keeps the width', () => {
  const view = { min: 10, max: 30 };
  expect(panned(view, whole, 0.5)).toEqual({ min: 20, max: 40 });
  expect(panned(view, whole, -5)).toEqual({ min: 0, max: 20 });
  expect(panned(view, whole, 50)).toEqual({ min: 80, max: 100 });
});

test('there is an end to looking closely, and nothing outside', () => {
  let view = { min: 0, max: 100 };
  for (let i = 0; i < 200; i++) view = zoomed(view, whole, 50, 0.5)!;
  expect(view.max - view.min).toBeCloseTo(1e-4, 8);
  expect(within({ min: -5, max: 200 }, whole)).toBeNull();
  expect(within({ min: 120, max: 130 }, whole)).toBeNull();
});
