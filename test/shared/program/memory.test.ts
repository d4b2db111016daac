import { describe, expect, test } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { largestBatch, memoryOf, peakOf } from '../../../shared/program/memory.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { compileModel } from '../../../shared/program/step.ts';
import { seedModels } from '../../support/seed.ts';

const adam = { optimizer: { class_name: 'Adam', config: {} }, loss: 'mse' };

describe('peakOf', () => {
  test('counts what lives at once: a value from its making to its last use', () => {
    const ops = createOps();
    const x = ops.feed('x', [null, 100]);
    const w = ops.variable('w', [100, 50]);
    const a = ops.matMul(x, w); // 50 numbers a sample
    const b = ops.matMul(a, ops.variable('v', [50, 200])); // 200, while a lives
    const c = ops.matMul(b, ops.variable('u', [200, 10])); // 10, while b lives
    expect(peakOf(ops.program({ c }), 3)).toBe(3 * (50 + 200) * 4);
    expect(peakOf(ops.program({ c, a }), 3)).toBe(3 * (50 + 200 + 10) * 4);
  });

  test('a reshape takes nothing, and what is elementwise takes the place of its input', () => {
    const ops = createOps();
    const x = ops.matMul(ops.feed('x', [null, 8]), ops.variable('w', [8, 100]));
    const y = ops.reshape(ops.exp(x), [null, 10, 10]);
    expect(peakOf(ops.program({ y: ops.tanh(y) }), 2)).toBe(2 * 100 * 4);
    expect(peakOf(ops.program({ y: ops.tanh(y), x }), 2)).toBe(2 * 2 * 100 * 4);
  });
});

describe('memoryOf', () => {
  const compiled = compileModel(seedModels, 'autoencoder', adam);

  test('weights and slots do not depend on the batch; the rest grows with it', () => {
    const [one, many] = [memoryOf(compiled, 16), memoryOf(compiled, 64)];
    expect(one.weights).toBe(2 * 4 * 28_241);
    expect(one.slots).toBe(2 * 2 * 4 * 28_241);
    expect(many.slots).toBe(one.slots);
    expect(many.data).toBe(4 * one.data);
    expect(many.activations / one.activations).toBeGreaterThan(3.5);
    expect(many.activations / one.activations).toBeLessThanOrEqual(4);
    const { weights, slots, activations, data } = many;
    expect(many.total).toBe(weights + slots + activations + data + many.process);
  });

  test('the largest batch that fits is the last one that does', () => {
    const bytes = memoryOf(compiled, 37).total;
    expect(largestBatch(compiled, bytes, 512)).toBe(37);
    expect(largestBatch(compiled, bytes, 20)).toBe(20);
    expect(largestBatch(compiled, 1000, 512)).toBe(0);
  });
});

test('a deeper model needs its activations for the way back', () => {
  const stack = (depth: number) =>
    compileModel(
      compose(({ input, layers, model }) => {
        const x = input([64], { name: 'x' });
        let y = x;
        for (let i = 0; i < depth; i++) y = layers.dense(64, { activation: 'relu' })(y);
        return model(x, y, { name: 'm' });
      }),
      'm',
      adam,
    );
  const [shallow, deep] = [stack(4), stack(20)].map((model) => peakOf(model.train, 1000));
  expect(deep! - shallow!).toBeGreaterThan(16 * 64 * 1000 * 4 * 0.9);
});
