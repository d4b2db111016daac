import { describe, expect, it, test } from 'vitest';
import { batches, naturalOrder, shuffledOrder } from '../../../main/data/batches.ts';
import type { Dataset } from '../../../main/data/dataset.ts';
import { tensor, type TensorData as Tensor } from '../../../shared/program/tensor.ts';

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

/** 64 x 64 images in colour of which the first value is the sample's number, with it as a class: 42 fit a reading. */
function pictures(size: number) {
  const asked: number[][] = [];
  let [reading, most] = [0, 0];
  let failing = -1;
  const dataset: Dataset = {
    name: 'pictures',
    size,
    elements: {
      image: { shape: [64, 64, 3], dtype: 'float32', kind: 'image' },
      label: { shape: [], dtype: 'int32', kind: 'class', classes: [] },
    },
    async batch(indices) {
      asked.push(Array.from(indices));
      most = Math.max(most, ++reading);
      // Late enough for those who asked to go away meanwhile.
      await new Promise((resolve) => setTimeout(resolve, 5));
      reading -= 1;
      const numbers = Array.from(indices);
      if (numbers.includes(failing)) throw new Error(`sample ${failing} is damaged`);
      const image = new Float32Array(numbers.length * 12288);
      numbers.forEach((number, i) => image.fill(number, i * 12288, (i + 1) * 12288));
      return {
        image: { shape: [numbers.length, 64, 64, 3], dtype: 'float32', data: image },
        label: tensor(numbers, [numbers.length], 'int32'),
      };
    },
  };
  return {
    dataset,
    asked,
    fail: (sample: number) => (failing = sample),
    underWay: () => reading,
    most: () => most,
  };
}

describe('small batches', () => {
  it('are read several at once, the first alone, and come one by one in the order', async () => {
    const { dataset, asked, most } = pictures(110);
    const order = shuffledOrder(110, 3, 1);
    const met: number[] = [];
    const sizes: number[] = [];
    for await (const { size, samples, elements } of batches(dataset, order, 8)) {
      const { image, label } = elements as { image: Tensor; label: Tensor };
      expect([image.shape, label.shape]).toEqual([[size, 64, 64, 3], [size]]);
      expect([image.data.length, label.data.length]).toEqual([size * 12288, size]);
      expect([...label.data]).toEqual([...samples]);
      samples.forEach((sample, i) => {
        expect(image.data[i * 12288]).toBe(sample);
        expect(image.data[(i + 1) * 12288 - 1]).toBe(sample);
      });
      sizes.push(size);
      met.push(...samples);
    }
    expect(met).toEqual([...order]);
    expect(sizes).toEqual([...Array<number>(13).fill(8), 6]);
    expect(asked.map(({ length }) => length)).toEqual([8, 40, 40, 22]);
    expect(most()).toBe(2);
  });

  it('are the same from the middle of an epoch on', async () => {
    const { dataset } = pictures(60);
    const order = shuffledOrder(60, 5, 2);
    const from = async (start: number) => {
      const met: number[][] = [];
      for await (const { elements } of batches(dataset, order.subarray(start), 8))
        met.push([...elements['label']!.data]);
      return met;
    };
    const whole = await from(0);
    for (const done of [1, 3, 7]) expect(await from(done * 8)).toEqual(whole.slice(done));
  });

  it('larger than a reading are read one by one', async () => {
    const { dataset, asked } = pictures(110);
    for await (const { size } of batches(dataset, naturalOrder(110), 50))
      expect(size).toBeGreaterThan(0);
    expect(asked.map(({ length }) => length)).toEqual([50, 50, 10]);
  });

  it('of no values, or of no samples, are no trouble', async () => {
    const { dataset } = pictures(5);
    const none: Dataset = { ...dataset, elements: {}, batch: async () => ({}) };
    const sizes: number[] = [];
    for await (const { size } of batches(none, naturalOrder(5), 2)) sizes.push(size);
    expect(sizes).toEqual([2, 2, 1]);
    for await (const batch of batches(dataset, naturalOrder(0), 2)) expect(batch).toBeUndefined();
  });

  it('that can not be read are said in their turn, and nothing is read on', async () => {
    const { dataset, fail, underWay } = pictures(200);
    fail(60);
    const met: number[] = [];
    const all = async () => {
      for await (const { samples } of batches(dataset, naturalOrder(200), 8)) met.push(...samples);
    };
    await expect(all()).rejects.toThrow('sample 60 is damaged');
    expect(met).toEqual([...naturalOrder(48)]);
    expect(underWay()).toBe(0);
  });

  it('leave no read behind when nobody wants more', async () => {
    const { dataset, asked, underWay } = pictures(200);
    for await (const { samples } of batches(dataset, naturalOrder(200), 8))
      if (samples[0] === 16) break;
    expect(underWay()).toBe(0);
    expect(asked.map(({ length }) => length)).toEqual([8, 40, 40, 40]);
  });
});
