import { expect, test } from 'vitest';
import { batches, naturalOrder, shuffledOrder } from '../../../main/data/batches.ts';
import type { Dataset } from '../../../main/data/dataset.ts';
import { tensor } from '../../../shared/program/tensor.ts';

const numbers: Dataset = {
  name: 'numbers',
  size: 10,
  elements: { number: { shape: [], dtype: 'int32', kind: 'numbers' } },
  batch: async (indices) => ({ number: tensor(Array.from(indices), [indices.length], 'int32') }),
};

async function met(order: Int32Array): Promise<number[][]> {
  const found: number[][] = [];
  for await (const { size, elements } of batches(numbers, order, 4)) {
    expect(elements['number']!.shape).toEqual([size]);
    found.push([...elements['number']!.data]);
  }
  return found;
}

test('the last batch holds what remains', async () => {
  expect(await met(naturalOrder(10))).toEqual([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]]); // prettier-ignore
});

test('an epoch meets every sample once, in an order of its own that the seed decides', () => {
  const first = shuffledOrder(1000, 7, 1);
  expect([...first].sort((a, b) => a - b)).toEqual([...naturalOrder(1000)]);
  expect(first).not.toEqual(naturalOrder(1000));
  expect(shuffledOrder(1000, 7, 1)).toEqual(first);
  expect(shuffledOrder(1000, 7, 2)).not.toEqual(first);
  expect(shuffledOrder(1000, 8, 1)).not.toEqual(first);
});

test('a shuffle moves samples as far as chance does', () => {
  const order = shuffledOrder(60000, 0, 1);
  const moved = order.reduce((sum, sample, at) => sum + Math.abs(sample - at), 0) / order.length;
  // The mean distance of two random places among n is n / 3; its deviation here is about 60.
  expect(Math.abs(moved - 20000)).toBeLessThan(600);
});
