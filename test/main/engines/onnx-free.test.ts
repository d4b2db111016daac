import { expect, test } from 'vitest';
import { freeBuffers } from '../../../main/engines/onnx/free.ts';

test('freed buffers are gone at once, without a garbage collection', () => {
  const buffers = [new ArrayBuffer(64 << 20), new ArrayBuffer(64 << 20)];
  const before = process.memoryUsage().arrayBuffers;
  freeBuffers(buffers);
  expect(buffers.map(({ byteLength }) => byteLength)).toEqual([0, 0]);
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(100 << 20);
});
