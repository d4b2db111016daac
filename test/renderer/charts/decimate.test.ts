import { describe, expect, test } from 'vitest';
import { columnsOf, runAxis, type AxisKind, type RunAxis } from '../../../renderer/charts/axis.ts';
import { lasts, spikes } from '../../../renderer/charts/decimate.ts';
import { Series } from '../../../renderer/charts/series.ts';
import { createRandom } from '../../../shared/random.ts';

function series(values: Iterable<number>): Series {
  const result = new Series();
  for (const value of values) result.push(value);
  return result;
}

/** A run of `steps` steps, 10 an epoch, a step a second. */
function axisOf(kind: AxisKind, steps: number) {
  const times = series(Array.from({ length: steps }, (_, i) => 5000 + (i + 1) * 1000));
  return runAxis(kind, { times, began: 5000, stepsPerEpoch: 10 });
}

const whole = ({ max }: RunAxis) => ({ min: 0, max });

describe('Series', () => {
  test('grows, fills holes with NaN and counts from the end', () => {
    const numbers = series([1, 2]);
    numbers.set(5000, 3);
    expect(numbers.length).toBe(5001);
    expect([numbers.at(0), numbers.at(-1), numbers.at(4999), numbers.at(5001)]).toEqual([
      1,
      3,
      NaN,
      NaN,
    ]);
    expect(numbers.values.length).toBe(5001);
  });

  test('knows the extremes of any part, also after numbers were replaced or taken back', () => {
    const numbers = new Series();
    const plain: number[] = [];
    const random = createRandom(7, 'series');
    const values = random.uniform(30_000, -1, 1);
    const check = (start: number, end: number) => {
      const { low, high, broken } = numbers.extremes(start, end);
      const part = plain.slice(start, end);
      const finite = part.filter(Number.isFinite);
      expect(low < 0 ? NaN : numbers.at(low)).toBe(finite.length > 0 ? Math.min(...finite) : NaN);
      expect(high < 0 ? NaN : numbers.at(high)).toBe(finite.length > 0 ? Math.max(...finite) : NaN);
      expect(broken >= 0).toBe(finite.length < part.length);
      for (const index of [low, high, broken])
        expect(index < 0 || (index >= start && index < end)).toBe(true);
    };
    values.forEach((value, i) => {
      const now = i % 9973 === 5 ? NaN : value;
      numbers.push(now);
      plain.push(now);
      if (i % 4999 === 0) check(Math.max(0, i - 4500), i + 1);
    });
    check(0, 30_000);
    check(63, 65);
    check(100, 100);
    check(4095, 12_300);
    numbers.set(5000, 99);
    plain[5000] = 99;
    check(0, 30_000);
    numbers.truncate(4990);
    plain.length = 4990;
    check(0, 30_000);
    for (let i = 0; i < 5000; i++) {
      plain.push(i);
      numbers.push(i);
    }
    check(4000, 9000);
  });
});

describe('runAxis', () => {
  test.each(['step', 'epoch', 'time'] as const)(
    'places each step by %s and finds it again',
    (kind) => {
      const axis = axisOf(kind, 25);
      for (let step = 0; step <= 25; step++) {
        expect(axis.stepAt(axis.place(step))).toBe(step);
        expect(axis.place(step)).toBeLessThanOrEqual(axis.max);
      }
    },
  );

  test('ends with the epoch under way', () => {
    expect(axisOf('epoch', 21).max).toBe(3);
    expect(axisOf('step', 20).max).toBe(20);
    expect(axisOf('time', 0).max).toBe(10);
  });
});

describe('spikes', () => {
  test.each(['step', 'epoch', 'time'] as const)('keeps every extreme by %s', (kind) => {
    const steps = 5003;
    const values = series(Array.from({ length: steps }, (_, i) => 1 + Math.sin(i) / 10));
    for (const at of [0, 777, 2500, 5002]) values.set(at, at + 10);
    values.set(1234, -5);
    const axis = axisOf(kind, steps);
    const points = spikes(values, columnsOf(axis, whole(axis), steps, 600), axis.place);
    expect(points.length).toBeLessThanOrEqual(1200);
    const drawn = new Map(points.map((point) => [point.x, point.y]));
    for (const at of [0, 777, 1234, 2500, 5002]) {
      expect([...drawn.values()]).toContain(values.at(at));
    }
    expect(drawn.get(axis.place(5003))).toBe(values.at(5002));
    const places = points.map((point) => point.x);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test.each(['step', 'epoch', 'time'] as const)(
    'a part of the axis by %s has its own extremes, and a neighbour on each side',
    (kind) => {
      const values = series(Array.from({ length: 5000 }, (_, i) => (i === 2345 ? 50 : i % 7)));
      const axis = axisOf(kind, 5000);
      const view = { min: axis.place(2300), max: axis.place(2400) };
      const points = spikes(values, columnsOf(axis, view, 5000, 40), axis.place);
      expect(points.some(({ x, y }) => x === axis.place(2346) && y === 50)).toBe(true);
      expect(points[0]!.x).toBeLessThanOrEqual(view.min);
      expect(points.at(-1)!.x).toBeGreaterThan(view.max);
      expect(points.length).toBeLessThan(90);
    },
  );

  test('draws each value while there is room', () => {
    const values = series([3, 1, 2]);
    const axis = axisOf('step', 3);
    const points = spikes(values, columnsOf(axis, whole(axis), 3, 100), axis.place);
    expect(points).toEqual([
      { x: 1, y: 3 },
      { x: 2, y: 1 },
      { x: 3, y: 2 },
    ]);
  });

  test('breaks the line where a loss is not finite', () => {
    const axis = axisOf('step', 3);
    const points = spikes(series([3, NaN, 2]), columnsOf(axis, whole(axis), 3, 100), axis.place);
    expect(points.map((point) => point.y)).toEqual([3, NaN, 2]);
  });
});

test('lasts keeps the newest value of each column', () => {
  const axis = axisOf('step', 10);
  const values = series(Array.from({ length: 10 }, (_, i) => i));
  expect(
    lasts(values, columnsOf(axis, whole(axis), 10, 5), axis.place).map((point) => point.y),
  ).toEqual([1, 3, 5, 7, 9]);
});
