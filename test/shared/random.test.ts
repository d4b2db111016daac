import { describe, expect, it } from 'vitest';
import { createRandom } from '../../shared/random.ts';

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe('the counter-based generator', () => {
  it('gives the same numbers for the same seed, purpose and step, whatever was drawn elsewhere', () => {
    const one = createRandom(7, 'shuffle', 3);
    createRandom(7, 'dropout', 3).uniform(1000);
    expect(one.uniform(100)).toEqual(createRandom(7, 'shuffle', 3).uniform(100));
  });

  it.each([
    ['seed', createRandom(8, 'shuffle', 3)],
    ['purpose', createRandom(7, 'dropout', 3)],
    ['step', createRandom(7, 'shuffle', 4)],
  ])('gives other numbers for another %s', (_, other) => {
    expect(other.uniform(100)).not.toEqual(createRandom(7, 'shuffle', 3).uniform(100));
  });

  it('spreads evenly', () => {
    const values = createRandom(1, 'even').uniform(200_000, -1, 3);
    const counts = new Array<number>(16).fill(0);
    for (const value of values) counts[Math.floor((value + 1) * 4)]! += 1;
    for (const count of counts) expect(Math.abs(count / 12_500 - 1)).toBeLessThan(0.05);
  });

  it('draws normal numbers with the mean and deviation asked for', () => {
    const values = createRandom(1, 'normal').normal(200_001, 2, 3);
    expect(mean(values)).toBeCloseTo(2, 1);
    expect(Math.sqrt(mean(values.map((value) => (value - 2) ** 2)))).toBeCloseTo(3, 1);
  });

  it('permutes: each number once, in another order', () => {
    const order = createRandom(0, 'shuffle').permutation(10_000);
    expect(new Set(order).size).toBe(10_000);
    expect(order).not.toEqual(order.slice().sort());
  });
});
