import { expect, it } from 'vitest';
import { createOps } from '../../../shared/program/builder.ts';
import { grad } from '../../../shared/program/grad.ts';
import { prune } from '../../../shared/program/optimize.ts';
import { tensor } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';

/** The gradient of the weighted sum of slices of a [2, 6] tensor: its numbers, and the operations it takes. */
function gradientOf(slices: readonly (readonly [start: number, size: number, weight: number])[]) {
  const ops = createOps();
  const x = ops.feed('x', [null, 6]);
  const terms = slices.map(([start, size, weight]) =>
    ops.reduceSum(ops.mul(ops.slice(x, [0, start], [null, size]), weight)),
  );
  const loss = terms.reduce((a, b) => ops.add(a, b));
  const [dx] = grad(ops, loss, [x]);
  const program = prune(ops.program({ dx: dx! }));
  const feeds = { x: tensor(new Float32Array(12).fill(1), [2, 6]) };
  const { data } = interpret(program, {}, feeds).outputs['dx']!;
  return { row: Array.from(data).slice(6), ops: program.nodes.map(({ op }) => op) };
}

it('slices that touch are joined, whatever their order', () => {
  const { row, ops } = gradientOf([[4, 2, 3], [0, 1, 1], [1, 3, 2]]); // prettier-ignore
  expect(row).toEqual([1, 2, 2, 2, 3, 3]);
  expect(ops.filter((op) => op === 'concat')).toHaveLength(1);
  expect(ops).not.toContain('pad');
});

it('slices with a gap, or that overlap, are added', () => {
  expect(gradientOf([[0, 2, 1], [4, 2, 3]]).row).toEqual([1, 1, 0, 0, 3, 3]); // prettier-ignore
  expect(gradientOf([[0, 4, 1], [2, 4, 3]]).row).toEqual([1, 1, 4, 4, 3, 3]); // prettier-ignore
  expect(gradientOf([[1, 2, 1], [3, 2, 5], [2, 2, 3]]).row).toEqual([0, 1, 4, 8, 5, 0]); // prettier-ignore
});
