import { describe, expect, test } from 'vitest';
import { columnEnds, runAxis, type AxisKind } from '../../../renderer/charts/axis.ts';
import { lasts, spikes } from '../../../renderer/charts/decimate.ts';
import { Series } from '../../../renderer/charts/series.ts';

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
    const values = Float64Array.from({ length: steps }, (_, i) => 1 + Math.sin(i) / 10);
    for (const at of [0, 777, 2500, 5002]) values[at] = at + 10;
    values[1234] = -5;
    const axis = axisOf(kind, steps);
    const points = spikes(values, columnEnds(axis, steps, 600), axis.place);
    expect(points.length).toBeLessThanOrEqual(1200);
    const drawn = new Map(points.map((point) => [point.x, point.y]));
    for (const at of [0, 777, 1234, 2500, 5002]) {
      expect([...drawn.values()]).toContain(values[at]);
    }
    expect(drawn.get(axis.place(5003))).toBe(values[5002]);
    const places = points.map((point) => point.x);
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  test('draws each value while there is room', () => {
    const values = Float64Array.from([3, 1, 2]);
    const axis = axisOf('step', 3);
    const points = spikes(values, columnEnds(axis, 3, 100), axis.place);
    expect(points).toEqual([
      { x: 1, y: 3 },
      { x: 2, y: 1 },
      { x: 3, y: 2 },
    ]);
  });

  test('breaks the line where a loss is not finite', () => {
    const axis = axisOf('step', 3);
    const points = spikes(Float64Array.from([3, NaN, 2]), columnEnds(axis, 3, 100), axis.place);
    expect(points.map((point) => point.y)).toEqual([3, NaN, 2]);
  });
});

test('lasts keeps the newest value of each column', () => {
  const axis = axisOf('step', 10);
  const values = Float64Array.from({ length: 10 }, (_, i) => i);
  expect(lasts(values, columnEnds(axis, 10, 5), axis.place).map((point) => point.y)).toEqual([
    1, 3, 5, 7, 9,
  ]);
});
