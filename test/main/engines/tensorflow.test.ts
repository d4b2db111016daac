import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { createTensorflowEngine } from '../../../main/engines/tensorflow/engine.ts';
import { nativePackage } from '../../../main/engines/tensorflow/load.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { tensor } from '../../../shared/program/tensor.ts';
import { conformance } from './conformance.ts';

conformance('tensorflow (JavaScript)', () => createTensorflowEngine({ provider: 'javascript' }));

describe('tensorflow engine on JavaScript', () => {
  it('says what it computes on', async () => {
    const { name, device } = await createTensorflowEngine({ provider: 'javascript' });
    expect(name).toBe('tensorflow');
    expect(device).toEqual({ kind: 'cpu', name: 'CPU, JavaScript', provider: 'javascript' });
    expect(tf.getBackend()).toBe('cpu');
  });

  it('holds no tensor longer than it is needed', async () => {
    const engine = await createTensorflowEngine({ provider: 'javascript' });
    const before = tf.memory().numTensors;
    const window = { strides: [1], padding: 'same', dilations: [2], groups: 2 } as const;
    const pool = { poolSize: [2, 2, 2], strides: [1, 1, 1], padding: 'same' } as const;
    const ops = createOps();
    const w = ops.variable('w', [3, 1, 2]);
    const x = ops.feed('x', [null, 4, 2]);
    const y = ops.mul(ops.relu(ops.conv(x, w, window)), 2);
    const cube = ops.reshape(y, [null, 2, 2, 2, 1]);
    const pooled = ops.maxPool(cube, pool);
    const dy = ops.reshape(ops.maxPoolGrad(cube, pooled, pooled, pool), [null, 4, 2]);
    const next = ops.sub(w, ops.convFilterGrad(x, dy, [3], window));
    const executable = await engine.compile(ops.program({ y, again: y, x }, { w: next }));
    const variables = await engine.variables({ w: tensor([1, -1, 2, -2, 3, -3], [3, 1, 2]) });
    const row = tensor([1, 2, 3, 4, 5, 6, 7, 8], [1, 4, 2]);
    await executable.run(variables, { x: row });
    const held = tf.memory();
    for (let i = 0; i < 3; i++) await executable.run(variables, { x: row });
    await expect(executable.run(variables, {})).rejects.toThrow('feed "x" is missing');
    await variables.write(await variables.read());
    expect(tf.memory().numTensors).toBe(held.numTensors);
    expect(tf.memory().numBytes).toBe(held.numBytes);
    await engine.dispose();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names the operation that fails, and the shapes it got', async () => {
    const engine = await createTensorflowEngine({ provider: 'javascript' });
    const ops = createOps();
    const sum = ops.add(ops.feed('a', [null, 2]), ops.feed('b', [null, 2]));
    const executable = await engine.compile(ops.program({ sum }));
    const variables = await engine.variables({});
    const run = executable.run(variables, {
      a: tensor([1, 2, 3, 4], [2, 2]),
      b: tensor([1, 2, 3, 4, 5, 6], [3, 2]),
    });
    await expect(run).rejects.toThrow(
      'operation add (value 2 of the program) failed on (2, 2), (3, 2)',
    );
    await engine.dispose();
  });

  it('says before the start which operations it has no kernel for', async () => {
    const engine = await createTensorflowEngine({ provider: 'javascript' });
    const ops = createOps();
    const four = { poolSize: [1, 1, 1, 1], strides: [1, 1, 1, 1], padding: 'valid' } as const;
    const program = ops.program({ y: ops.maxPool(ops.feed('x', [1, 1, 1, 1, 1, 1]), four) });
    expect(engine.unsupported(program)).toEqual(['maxPool']);
    await expect(engine.compile(program)).rejects.toThrow('maxPool');
  });

  for (const provider of ['tfjs-node', 'tfjs-node-gpu'] as const)
    it.skipIf(nativePackage(provider) === 'whole')(
      `does not pretend to have ${provider}`,
      async () => {
        await expect(createTensorflowEngine({ provider })).rejects.toThrow(
          `@tensorflow/${provider}`,
        );
      },
    );
});
