import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../main/engines/engine.ts';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { scalar, tensor } from '../../../shared/program/tensor.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createOnnxEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

describe('memory', () => {
  it('stays flat over 10,000 runs of a training step with batches of two sizes', async () => {
    const ops = createOps();
    const w = ops.variable('w', [8, 4]);
    const x = ops.feed('x', [null, 8]);
    const y = ops.relu(ops.matMul(x, w));
    const gradient = ops.matMul(x, y, true, false);
    const updates = { w: ops.sub(w, ops.mul(gradient, 1e-6)) };
    const step = await engine.compile(ops.program({ loss: ops.reduceMean(y) }, updates));
    const variables = await engine.variables({ w: tensor(new Float32Array(32).fill(0.5), [8, 4]) });
    const run = async (count: number) => {
      for (let i = 0; i < count; i++) {
        const batch = i % 10 === 0 ? 96 : 128;
        await step.run(variables, { x: tensor(new Float32Array(batch * 8).fill(1), [batch, 8]) });
      }
    };
    await run(4000);
    const before = process.memoryUsage.rss();
    await run(6000);
    // One result that stays alive a run would be over 4,000 bytes; the test's own garbage comes and goes.
    expect((process.memoryUsage.rss() - before) / 6000).toBeLessThan(1000);
    variables.dispose();
    await step.dispose();
  });
});

describe('what could end the process', () => {
  const results = async (
    build: (
      ops: ReturnType<typeof createOps>,
    ) => Parameters<ReturnType<typeof createOps>['program']>[0],
  ) => {
    const ops = createOps();
    const step = await engine.compile(ops.program(build(ops)));
    return step.run(await engine.variables({}), {
      a: tensor([7, -7, 5, -(2 ** 31)], [4], 'int32'),
      b: tensor([0, 2, 0, -1], [4], 'int32'),
      table: tensor([1, 2, 3, 4], [2, 2]),
    });
  };

  it('dividing int32 by 0, or the least by -1, gives some number', async () => {
    const { quotient, rest } = await results((ops) => {
      const [a, b] = [ops.feed('a', [4], 'int32'), ops.feed('b', [4], 'int32')];
      return { quotient: ops.div(a, b), rest: ops.mod(a, b) };
    });
    expect(quotient!.data[1]).toBe(-4);
    expect(rest!.data[1]).toBe(1);
  });

  it('indices outside of a table are refused, or give zeros', async () => {
    const indices = (ops: ReturnType<typeof createOps>) => ops.feed('a', [4], 'int32');
    await expect(
      results((ops) => ({ rows: ops.gather(ops.feed('table', [2, 2]), indices(ops)) })),
    ).rejects.toThrow(/gather/);
    await expect(
      results((ops) => ({
        sums: ops.gatherGrad(ops.constant(tensor(new Float32Array(8), [4, 2])), indices(ops), 3),
      })),
    ).rejects.toThrow(/gatherGrad/);
    const { rows } = await results((ops) => ({ rows: ops.oneHot(indices(ops), 6) }));
    expect([...rows!.data].flatMap((x, i) => (x ? [i] : []))).toEqual([2 * 6 + 5]);
  });
});

describe('options', () => {
  it('a provider that is not there is refused by name', async () => {
    await expect(createOnnxEngine({ provider: 'abacus' })).rejects.toThrow(/abacus.*cpu/);
  });

  it('threads must be a whole number', async () => {
    await expect(createOnnxEngine({ threads: 0 })).rejects.toThrow(/threads.*0/);
    const two = await createOnnxEngine({ threads: 2 });
    expect(two.device).toEqual({ kind: 'cpu', name: 'CPU, 2 threads', provider: 'cpu' });
    await two.dispose();
  });
});

it('names the operation that has no operator, before and while compiling', async () => {
  const ops = createOps();
  const x = ops.feed('x', [1, 2, 2, 2, 2, 1]);
  const window = { poolSize: [2, 2, 2, 2], strides: [2, 2, 2, 2], padding: 'valid' } as const;
  const program = ops.program({ y: ops.maxPool(x, window) });
  expect(engine.unsupported(program)).toEqual(['maxPool']);
  await expect(engine.compile(program)).rejects.toThrow(/maxPool/);
});

it('refuses to run what has been disposed, and variables of another engine', async () => {
  const ops = createOps();
  const step = await engine.compile(ops.program({ y: ops.add(ops.feed('x', []), 1) }));
  const foreign = {
    read: async () => ({}),
    write: async () => {},
    add: async () => {},
    dispose: () => {},
  };
  await expect(step.run(foreign, { x: scalar(1) })).rejects.toThrow(/another engine/);
  const variables = await engine.variables({});
  await step.dispose();
  await expect(step.run(variables, { x: scalar(1) })).rejects.toThrow(/disposed/);
});
