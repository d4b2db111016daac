import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../../main/engines/engine.ts';
import { createOps } from '../../../../shared/program/builder.ts';
import type { Program } from '../../../../shared/program/program.ts';
import { tensor, type NamedTensors } from '../../../../shared/program/tensor.ts';
import { interpret } from '../../../reference/interpret.ts';
import { expectClose } from './case.ts';
import { createRandom, drawInput, float, int } from './inputs.ts';

/** Programs of several operations: what they give, under which names, and what they refuse. */
export function describePrograms(engine: () => Engine): void {
  async function compare(program: Program, batches: readonly NamedTensors[]): Promise<void> {
    const executable = await engine().compile(program);
    const variables = await engine().variables({});
    for (const feeds of batches) {
      const outputs = await executable.run(variables, feeds);
      const expected = interpret(program, {}, feeds).outputs;
      expect(Object.keys(outputs).sort()).toEqual(Object.keys(expected).sort());
      for (const name of Object.keys(expected)) expectClose(outputs[name], expected[name]!, name);
    }
    variables.dispose();
    await executable.dispose();
  }

  describe('programs', () => {
    it('random: takes the numbers that the run drew', async () => {
      const ops = createOps();
      const x = ops.feed('x', [null, 4]);
      const noise = ops.random('noise', x, { kind: 'normal', mean: 0, stddev: 1 });
      const scale = ops.random('scale', [4], { kind: 'uniform', low: 0, high: 1 });
      const program = ops.program({ y: ops.mul(ops.add(x, noise), scale) });
      const random = createRandom(1);
      const feeds = (batch: number) => ({
        x: drawInput(float(null, 4), batch, random),
        noise: drawInput(float(null, 4), batch, random),
        scale: drawInput(float(4), batch, random),
      });
      await compare(program, [feeds(2), feeds(5)]);
    });

    it('give one value under two names, a feed and a constant as outputs, and parts of a chain', async () => {
      const ops = createOps();
      const x = ops.feed('x', [null, 3]);
      const y = ops.relu(ops.neg(x));
      const z = ops.reduceSum(ops.mul(y, 2), [1]);
      const one = ops.constant(tensor([1, 2], [2]));
      const program = ops.program({ x, y, again: y, z, one, 'a/b:0 c': ops.exp(z) });
      const random = createRandom(2);
      const feeds = (batch: number) => ({ x: drawInput(float(null, 3), batch, random) });
      await compare(program, [feeds(1), feeds(4), feeds(2)]);
    });

    it('take feeds that are parts of longer arrays', async () => {
      const ops = createOps();
      const x = ops.feed('x', [null, 3]);
      const ids = ops.feed('ids', [null], 'int32');
      const mask = ops.feed('mask', [null, 1], 'bool');
      const chosen = ops.select(mask, ops.matMul(x, ops.feed('w', [3, 2])), 0);
      const program = ops.program({ chosen, hot: ops.oneHot(ids, 4), x, mask });
      const floats = Float32Array.from({ length: 40 }, (_, i) => Math.sin(i));
      const labels = Int32Array.of(9, 0, 1, 2, 3, 2, 1);
      const flags = Uint8Array.of(9, 1, 0, 1, 1, 0);
      const feeds = (rows: number, at: number): NamedTensors => ({
        x: { shape: [rows, 3], dtype: 'float32', data: floats.subarray(at, at + rows * 3) },
        w: { shape: [3, 2], dtype: 'float32', data: floats.subarray(at + 5, at + 11) },
        ids: { shape: [rows], dtype: 'int32', data: labels.subarray(at, at + rows) },
        mask: { shape: [rows, 1], dtype: 'bool', data: flags.subarray(at, at + rows) },
      });
      await compare(program, [feeds(3, 1), feeds(2, 3), feeds(1, 2)]);
    });

    it('leave alone what no output needs', async () => {
      const ops = createOps();
      const x = ops.feed('x', [null, 3]);
      ops.sin(ops.reshape(x, [null]));
      const program = ops.program({ y: ops.square(x) });
      await compare(program, [{ x: tensor([1, 2, 3], [1, 3]) }]);
    });

    it('run a small network forwards and backwards', async () => {
      const ops = createOps();
      const window = { strides: [1, 1], padding: 'same', dilations: [1, 1], groups: 1 } as const;
      const pool = { poolSize: [2, 2], strides: [2, 2], padding: 'valid' } as const;
      const x = ops.feed('x', [null, 6, 6, 2]);
      const filter = ops.feed('filter', [3, 3, 2, 4]);
      const labels = ops.feed('labels', [null], 'int32');
      const hidden = ops.conv(x, filter, window);
      const active = ops.relu(hidden);
      const pooled = ops.maxPool(active, pool);
      const logits = ops.reduceMax(pooled, [1, 2]);
      const error = ops.sub(logits, ops.oneHot(labels, 4));
      const loss = ops.div(ops.reduceSum(ops.square(error)), ops.size(error));
      const dLogits = ops.div(ops.mul(error, 2), ops.size(error));
      const isTop = ops.cast(ops.equal(pooled, ops.reshape(logits, [null, 1, 1, 4])), 'float32');
      const dPooled = ops.mul(isTop, ops.reshape(dLogits, [null, 1, 1, 4]));
      const dActive = ops.maxPoolGrad(active, pooled, dPooled, pool);
      const dHidden = ops.select(ops.less(0, hidden), dActive, 0);
      const program = ops.program({
        loss,
        dFilter: ops.convFilterGrad(x, dHidden, [3, 3], window),
        dx: ops.convInputGrad(dHidden, filter, [6, 6], window),
        right: ops.equal(ops.argMax(logits), labels),
      });
      const random = createRandom(3);
      const feeds = (batch: number) => ({
        x: drawInput(float(null, 6, 6, 2), batch, random),
        filter: drawInput(float(3, 3, 2, 4), batch, random),
        labels: drawInput(int(0, 4, null), batch, random),
      });
      await compare(program, [feeds(3), feeds(2), feeds(3)]);
    });

    it('name the feed that is missing, or of another shape or type', async () => {
      const ops = createOps();
      const x = ops.feed('image', [null, 3]);
      const executable = await engine().compile(ops.program({ y: ops.neg(x) }));
      const variables = await engine().variables({});
      const run = (feeds: NamedTensors) => executable.run(variables, feeds);
      await expect(run({})).rejects.toThrow(/image/);
      await expect(run({ image: tensor([1, 2], [1, 2]) })).rejects.toThrow(/image/);
      await expect(run({ image: tensor([1, 2, 3], [3]) })).rejects.toThrow(/image/);
      await expect(run({ image: tensor([1, 2, 3], [1, 3], 'int32') })).rejects.toThrow(/image/);
      const outputs = await run({ image: tensor([1, 2, 3], [1, 3]) });
      expect([...outputs['y']!.data]).toEqual([-1, -2, -3]);
      variables.dispose();
      await executable.dispose();
    });
  });
}
