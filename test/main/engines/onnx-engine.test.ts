import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../main/engines/engine.ts';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { scalar, tensor } from '../../../shared/program/tensor.ts';
import { trainerArguments } from '../../../main/service/trainer-process.ts';
import { bundleProgram } from '../service/bundle.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createOnnxEngine({ threads: 1 });
});
afterAll(() => engine.dispose());

describe('memory', () => {
  // What leaks grows every time; what else moves by 1 % on a busy machine does not.
  it(
    'stays flat to 1 % over 10,000 training steps with batches of two sizes',
    { retry: 3 },
    async () => {
      const folder = await mkdtemp(resolve('node_modules', '.memory-test-'));
      try {
        const program = join(folder, 'memory.mjs');
        await bundleProgram('test/main/engines/memory-child.ts', program);
        const args = [...trainerArguments, program];
        // An allocator that gives back at once: what then grows is held by the engine.
        const env = { ...process.env, MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '131072' };
        const { stdout } = await promisify(execFile)(process.execPath, args, { env });
        const held = JSON.parse(stdout) as number[];
        expect(held).toHaveLength(5);
        expect(held.at(-1)! / held[1]!).toBeLessThan(1.01);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
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
