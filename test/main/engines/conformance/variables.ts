import { describe, expect, it } from 'vitest';
import type { Engine, Variables } from '../../../../main/engines/engine.ts';
import { createOps, type Ops, type Value } from '../../../../shared/program/builder.ts';
import { scalar, tensor, type NamedTensors } from '../../../../shared/program/tensor.ts';
import { interpret } from '../../../reference/interpret.ts';
import type { Numbers } from '../../../reference/numbers.ts';
import { expectClose } from './case.ts';

type Outputs = Record<string, Value>;

/** How variables behave: updated together, shared by executables, read as copies, unharmed by a failing run. */
export function describeVariables(engine: () => Engine): void {
  const compile = (build: (ops: Ops) => [outputs: Outputs, updates?: Outputs]) => {
    const ops = createOps();
    return engine().compile(ops.program(...build(ops)));
  };
  const numbers = async (variables: Variables, name: string) =>
    Array.from((await variables.read([name]))[name]!.data);
  const withVariables = async (
    initial: NamedTensors,
    use: (variables: Variables) => Promise<void>,
  ) => {
    const variables = await engine().variables(initial);
    await use(variables);
    variables.dispose();
  };

  describe('variables', () => {
    it('keep what each run stores, and give the value from before it', async () => {
      const ops = createOps();
      const w = ops.variable('layer/kernel', [2, 3]);
      const m = ops.variable('layer/kernel/momentum', [2, 3]);
      const steps = ops.variable('iterations', [], 'int32');
      const x = ops.feed('x', [null, 2]);
      const rate = ops.feed('rate', []);
      const y = ops.matMul(x, w);
      const gradient = ops.matMul(x, y, true);
      const momentum = ops.add(ops.mul(m, 0.9), gradient);
      const program = ops.program(
        { loss: ops.reduceSum(ops.square(y)), w, steps },
        {
          'layer/kernel': ops.sub(w, ops.mul(rate, momentum)),
          'layer/kernel/momentum': momentum,
          iterations: ops.add(steps, 1),
        },
      );
      const initial: NamedTensors = {
        'layer/kernel': tensor([1, -2, 3, -4, 5, -6], [2, 3]),
        'layer/kernel/momentum': tensor([0, 0, 0, 0, 0, 0], [2, 3]),
        iterations: scalar(0, 'int32'),
      };
      const executable = await engine().compile(program);
      await withVariables(initial, async (variables) => {
        let state: Record<string, Numbers> = initial;
        for (const batch of [2, 3, 2, 1]) {
          const data = Array.from({ length: batch * 2 }, (_, i) => Math.sin(i + batch));
          const feeds = { x: tensor(data, [batch, 2]), rate: scalar(0.01) };
          const expected = interpret(program, state, feeds);
          const outputs = await executable.run(variables, feeds);
          for (const name of ['loss', 'w', 'steps'])
            expectClose(outputs[name], expected.outputs[name]!, name);
          state = expected.updates;
          const stored = await variables.read();
          expect(Object.keys(stored).sort()).toEqual(Object.keys(initial).sort());
          for (const name of Object.keys(initial))
            expectClose(stored[name], state[name]!, `${name} after a run`);
        }
      });
      await executable.dispose();
    });

    it('take more beside them, and keep those that are there', async () => {
      const executable = await compile((ops) => {
        const [w, m] = [ops.variable('w', [2]), ops.variable('m', [])];
        return [{ y: ops.mul(w, m) }, { w: ops.add(w, m), m: ops.mul(m, 2) }];
      });
      await withVariables({ w: tensor([1, 2], [2]) }, async (variables) => {
        await variables.add({ w: tensor([9, 9], [2]), m: scalar(3) });
        expect(await numbers(variables, 'w')).toEqual([1, 2]);
        const { y } = await executable.run(variables, {});
        expect(Array.from(y!.data)).toEqual([3, 6]);
        expect(await numbers(variables, 'w')).toEqual([4, 5]);
        expect(await numbers(variables, 'm')).toEqual([6]);
      });
      await executable.dispose();
    });

    it('are shared by executables, and each set is apart from others', async () => {
      const train = await compile((ops) => {
        const w = ops.variable('w', [2]);
        return [{}, { w: ops.mul(w, 2) }];
      });
      const predict = await compile((ops) => [
        { y: ops.add(ops.variable('w', [2]), ops.feed('x', [null, 2])) },
      ]);
      const x = tensor([10, 20], [1, 2]);
      await withVariables({ w: tensor([1, 2], [2]), other: scalar(7) }, async (variables) => {
        await withVariables({ w: tensor([5, 6], [2]) }, async (second) => {
          expect(await train.run(variables, {})).toEqual({});
          await train.run(variables, {});
          const { y } = await predict.run(variables, { x });
          expect([...y!.data]).toEqual([14, 28]);
          const outputs = await predict.run(second, { x });
          expect([...outputs['y']!.data]).toEqual([15, 26]);
        });
        await train.dispose();
        const { y } = await predict.run(variables, { x });
        expect([...y!.data]).toEqual([14, 28]);
        expect(await numbers(variables, 'other')).toEqual([7]);
      });
      await predict.dispose();
    });

    it('change places, take a feed or a constant, all at once', async () => {
      const executable = await compile((ops) => {
        const a = ops.variable('a', [2]);
        const b = ops.variable('b', [2]);
        const fed = ops.feed('c', [2]);
        const one = ops.constant(tensor([1, 1], [2]));
        ops.variable('d', [2]);
        ops.variable('e', [2]);
        return [
          { a, fed },
          { a: b, b: a, c: fed, d: one, e: a },
        ];
      });
      const pair = (x: number, y: number) => tensor([x, y], [2]);
      const initial = { a: pair(1, 2), b: pair(3, 4), c: pair(0, 0), d: pair(0, 0), e: pair(0, 0) };
      await withVariables(initial, async (variables) => {
        const feeds = { c: pair(8, 9) };
        const outputs = await executable.run(variables, feeds);
        expect([...outputs['a']!.data]).toEqual([1, 2]);
        expect([...outputs['fed']!.data]).toEqual([8, 9]);
        await executable.run(variables, { c: pair(6, 7) });
        await executable.run(variables, feeds);
        expect(await numbers(variables, 'a')).toEqual([3, 4]);
        expect(await numbers(variables, 'b')).toEqual([1, 2]);
        expect(await numbers(variables, 'c')).toEqual([8, 9]);
        expect(await numbers(variables, 'd')).toEqual([1, 1]);
        expect(await numbers(variables, 'e')).toEqual([1, 2]);
      });
      await executable.dispose();
    });

    it('become what is given too, and what others become', async () => {
      const executable = await compile((ops) => {
        const a = ops.variable('a', [2]);
        ops.variable('b', [2]);
        ops.variable('c', [2]);
        const next = ops.mul(a, 3);
        return [
          { next, again: next, a },
          { a: next, b: next, c: a },
        ];
      });
      const pair = (x: number, y: number) => tensor([x, y], [2]);
      await withVariables({ a: pair(1, 2), b: pair(0, 0), c: pair(0, 0) }, async (variables) => {
        const first = await executable.run(variables, {});
        const kept = await variables.read();
        const second = await executable.run(variables, {});
        const third = await executable.run(variables, {});
        const given = (outputs: NamedTensors) =>
          ['next', 'again', 'a'].map((name) => Array.from(outputs[name]!.data));
        expect(given(first)).toEqual([[3, 6], [3, 6], [1, 2]]); // prettier-ignore
        expect(given(second)).toEqual([[9, 18], [9, 18], [3, 6]]); // prettier-ignore
        expect(given(third)).toEqual([[27, 54], [27, 54], [9, 18]]); // prettier-ignore
        expect(['a', 'b', 'c'].map((name) => Array.from(kept[name]!.data))).toEqual([[3, 6], [3, 6], [1, 2]]); // prettier-ignore
        for (const [name, values] of Object.entries({ a: [27, 54], b: [27, 54], c: [9, 18] }))
          expect(await numbers(variables, name)).toEqual(values);
      });
      await executable.dispose();
    });

    it('of every type and rank come back as they went in', async () => {
      const initial = {
        scalar: scalar(-1.5),
        counter: scalar(2000000001, 'int32'),
        mask: tensor([1, 0, 1], [3], 'bool'),
        deep: tensor([1, 2, 3, 4], [1, 2, 1, 2, 1]),
      };
      const executable = await compile((ops) => {
        const mask = ops.variable('mask', [3], 'bool');
        const deep = ops.variable('deep', [1, 2, 1, 2, 1]);
        return [
          { mask, sum: ops.reduceSum(deep) },
          { mask: ops.not(mask), deep: ops.neg(deep) },
        ];
      });
      await withVariables(initial, async (variables) => {
        const before = await variables.read();
        for (const [name, value] of Object.entries(initial)) expectClose(before[name], value, name);
        const { mask, sum } = await executable.run(variables, {});
        expectClose(mask, initial.mask, 'mask');
        expectClose(sum, scalar(10), 'sum');
        expectClose(
          (await variables.read())['mask'],
          tensor([0, 1, 0], [3], 'bool'),
          'mask after the run',
        );
        expect(await numbers(variables, 'deep')).toEqual([-1, -2, -3, -4]);
      });
      await executable.dispose();
    });

    it('are copied on every way in and out', async () => {
      const executable = await compile((ops) => {
        const w = ops.variable('w', [2]);
        const x = ops.feed('x', [2]);
        return [{ w, x }, { w: x }];
      });
      const initial = tensor([1, 2], [2]);
      await withVariables({ w: initial }, async (variables) => {
        initial.data.fill(99);
        expect(await numbers(variables, 'w')).toEqual([1, 2]);

        (await variables.read())['w']!.data.fill(99);
        expect(await numbers(variables, 'w')).toEqual([1, 2]);

        const written = tensor([3, 4], [2]);
        await variables.write({ w: written });
        written.data.fill(99);
        expect(await numbers(variables, 'w')).toEqual([3, 4]);

        const x = tensor([5, 6], [2]);
        const outputs = await executable.run(variables, { x });
        x.data.fill(99);
        outputs['x']!.data.fill(99);
        outputs['w']!.data.fill(99);
        expect(await numbers(variables, 'w')).toEqual([5, 6]);

        const kept = await variables.read();
        await executable.run(variables, { x: tensor([7, 8], [2]) });
        expect([...kept['w']!.data]).toEqual([5, 6]);
      });
      await executable.dispose();
    });

    it('are written whole or not at all', async () => {
      const initial = { w: tensor([1, 2], [2]), b: scalar(3), n: scalar(1, 'int32') };
      await withVariables(initial, async (variables) => {
        await variables.write({ w: tensor([3, 4], [2]), n: scalar(2, 'int32') });
        expect(await numbers(variables, 'w')).toEqual([3, 4]);
        expect(await numbers(variables, 'b')).toEqual([3]);
        expect(await numbers(variables, 'n')).toEqual([2]);

        const b = scalar(9);
        await expect(variables.write({ b, w: tensor([1], [1]) })).rejects.toThrow(/'?w'?/);
        await expect(variables.write({ b, n: scalar(1) })).rejects.toThrow(/'?n'?/);
        await expect(variables.write({ b, unknown: scalar(1) })).rejects.toThrow(/unknown/);
        await expect(variables.read(['unknown'])).rejects.toThrow(/unknown/);
        expect(await numbers(variables, 'w')).toEqual([3, 4]);
        expect(await numbers(variables, 'b')).toEqual([3]);
        expect(await numbers(variables, 'n')).toEqual([2]);
      });
    });

    it('are as before when a run fails', async () => {
      const executable = await compile((ops) => {
        const w = ops.variable('w', [2]);
        const x = ops.feed('x', [null, 2]);
        const y = ops.feed('y', [null, 2]);
        const sum = ops.reduceSum(ops.add(ops.mul(x, w), y), [0]);
        return [{ sum }, { w: sum, count: ops.add(ops.variable('count', []), 1) }];
      });
      const row = tensor([1, 2], [1, 2]);
      const two = tensor([1, 2, 3, 4], [2, 2]);
      const three = tensor([1, 2, 3, 4, 5, 6], [3, 2]);
      await withVariables({ w: tensor([1, 2], [2]), count: scalar(0) }, async (variables) => {
        await expect(executable.run(variables, { x: row })).rejects.toThrow(/'?y'?/);
        await expect(executable.run(variables, { x: row, y: tensor([1], [1, 1]) })).rejects.toThrow(
          /'?y'?/,
        );
        // Two batch sizes at once: only the addition can notice.
        await expect(executable.run(variables, { x: two, y: three })).rejects.toThrow();
        expect(await numbers(variables, 'w')).toEqual([1, 2]);
        expect(await numbers(variables, 'count')).toEqual([0]);
        await executable.run(variables, { x: row, y: row });
        expect(await numbers(variables, 'w')).toEqual([2, 6]);
        expect(await numbers(variables, 'count')).toEqual([1]);
      });
      await executable.dispose();
    });

    it('that a program needs and the set lacks, or has otherwise, are named', async () => {
      const executable = await compile((ops) => [{ y: ops.neg(ops.variable('kernel', [2])) }]);
      await withVariables({}, async (variables) => {
        await expect(executable.run(variables, {})).rejects.toThrow(/kernel/);
      });
      await withVariables({ kernel: scalar(1) }, async (variables) => {
        await expect(executable.run(variables, {})).rejects.toThrow(/kernel/);
      });
      await executable.dispose();
    });

    it('may have the names of feeds and outputs', async () => {
      const executable = await compile((ops) => {
        const w = ops.variable('w', []);
        const fed = ops.feed('w', []);
        return [{ w: ops.sub(fed, w) }, { w: ops.add(w, fed) }];
      });
      await withVariables({ w: scalar(1) }, async (variables) => {
        const { w } = await executable.run(variables, { w: scalar(10) });
        expect([...w!.data]).toEqual([9]);
        expect(await numbers(variables, 'w')).toEqual([11]);
      });
      await executable.dispose();
    });
  });
}
