import { expect, it } from 'vitest';
import { batchMultiples } from '../../../main/engines/onnx/batches.ts';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { tensor } from '../../../shared/program/tensor.ts';

it('counts how many times the batch a dimension is, where that can be told', () => {
  const ops = createOps();
  const x = ops.feed('x', [null, 6, 4]);
  const folded = ops.reshape(x, [null, 4]);
  const wide = ops.reshape(x, [null, 24]);
  const sums = ops.reduceSum(folded, [1]);
  const first = ops.slice(folded, [0, 0], [1, 4]);
  const turned = ops.transpose(wide, [1, 0]);
  const cut = ops.slice(wide, [1, 0], [null, 24]);
  const values = { folded, wide, sums, first, turned, cut };
  const program = ops.program(values);
  const multiples = batchMultiples(program);
  const found = Object.keys(values).map((name) => [name, multiples[program.outputs[name]!]]);
  expect(Object.fromEntries(found)).toEqual({
    folded: 6,
    wide: 1,
    sums: 6,
    first: null,
    turned: null,
    cut: null,
  });
});

it('memory planned for one batch serves every other, with rows folded into the batch', async () => {
  const ops = createOps();
  const x = ops.feed('x', [null, 6, 4]);
  let folded = ops.reshape(x, [null, 4]);
  let rows = ops.reshape(x, [null, 24]);
  for (let i = 0; i < 4; i++) {
    folded = ops.square(ops.add(folded, i));
    rows = ops.sub(ops.reshape(ops.sqrt(folded), [null, 24]), ops.exp(ops.neg(rows)));
    folded = ops.sqrt(ops.abs(ops.reshape(rows, [null, 4])));
  }
  const engine = await createOnnxEngine({ threads: 1 });
  const program = await engine.compile(ops.program({ folded, rows }));
  const none = await engine.variables({});
  const sample = Float32Array.from({ length: 24 }, (_, i) => i / 24);
  const alone = await program.run(none, { x: tensor(sample, [1, 6, 4]) });
  for (const batch of [7, 1, 128, 3]) {
    const data = Float32Array.from({ length: batch * 24 }, (_, i) => sample[i % 24]!);
    const together = await program.run(none, { x: tensor(data, [batch, 6, 4]) });
    expect(together['rows']!.shape).toEqual([batch, 24]);
    expect(together['folded']!.shape).toEqual([batch * 6, 4]);
    expect(together['rows']!.data.slice(-24)).toEqual(alone['rows']!.data);
  }
  await engine.dispose();
});
