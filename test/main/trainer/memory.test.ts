import { expect, test } from 'vitest';
import { StudioError } from '../../../shared/api/errors.ts';
import { memoryOf } from '../../../shared/program/memory.ts';
import { compileModel } from '../../../shared/program/step.ts';
import { estimateMemory, withBatchAdvice } from '../../../main/trainer/memory.ts';
import { model, training } from '../service/setting.ts';

const compiled = compileModel(model, training.model, training);

test('the estimate is that of the settings, beside what this machine has free', async () => {
  const estimate = await estimateMemory({ model, settings: { ...training, batch_size: 64 } });
  expect(estimate.need).toEqual(memoryOf(compiled, 64));
  expect(estimate).toMatchObject({ kind: 'cpu', fits: 64 });
  expect(estimate.free).toBeGreaterThan(2 ** 28);
  expect(estimate.total).toBeGreaterThanOrEqual(estimate.free);
});

test('a batch that no machine holds is told with the largest that would fit here', async () => {
  const settings = { ...training, batch_size: 1_000_000 };
  const { fits, free, need } = await estimateMemory({ model, settings });
  expect(need.total).toBeGreaterThan(free);
  expect(fits).toBeGreaterThan(64);
  expect(memoryOf(compiled, fits).total).toBeLessThan(free);
});

test('memory that ran out is told with a batch size that should fit; other errors stay as they are', () => {
  const full = new StudioError('OUT_OF_MEMORY', 'the memory of CPU is not enough');
  const size = (batch: number) => {
    const advised = withBatchAdvice(full, compiled, batch) as StudioError;
    expect(advised.code).toBe('OUT_OF_MEMORY');
    return Number(/a batch size of (\d+) instead of/.exec(advised.message)?.[1]);
  };
  expect(size(100)).toBe(32);
  expect(size(2)).toBe(1);
  expect(size(10_000_000)).toBeLessThan(1_000_000);
  expect((withBatchAdvice(full, compiled, 1) as StudioError).message).toContain(
    'even a batch size',
  );
  const other = new Error('something else');
  expect(withBatchAdvice(other, compiled, 100)).toBe(other);
});
