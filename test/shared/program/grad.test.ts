import { describe, expect, it } from 'vitest';
import { createOps, type Ops, type Value } from '../../../shared/program/builder.ts';
import { grad } from '../../../shared/program/grad.ts';
import { gradients } from '../../../shared/program/gradients.ts';
import type { OpName } from '../../../shared/program/attributes.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { interpret } from '../../reference/interpret.ts';
import type { Numbers } from '../../reference/numbers.ts';

type Build = (ops: Ops, ...inputs: Value[]) => Value;

const same = { padding: 'same', dilations: [1, 1], strides: [2, 1], groups: 1 } as const;
const grouped = { padding: [[1, 0], [0, 2]], dilations: [2, 1], strides: [1, 2], groups: 2 } as const; // prettier-ignore
const pool = { poolSize: [3, 2], strides: [2, 1], padding: 'same' } as const;

/** A function a row: name, shapes of its inputs, and what it computes. Inputs are drawn off 0, where kinks lie. */
const cases: [name: string, shapes: number[][], build: Build, positive?: boolean][] = [
  ['neg', [[3, 2]], (ops, x) => ops.neg(x)],
  ['abs', [[3, 2]], (ops, x) => ops.abs(x)],
  ['exp', [[3, 2]], (ops, x) => ops.exp(x)],
  ['log', [[3, 2]], (ops, x) => ops.log(x), true],
  ['log1p', [[3, 2]], (ops, x) => ops.log1p(x), true],
  ['expm1', [[3, 2]], (ops, x) => ops.expm1(x)],
  ['sqrt', [[3, 2]], (ops, x) => ops.sqrt(x), true],
  ['square', [[3, 2]], (ops, x) => ops.square(x)],
  ['reciprocal', [[3, 2]], (ops, x) => ops.reciprocal(x)],
  ['sin', [[3, 2]], (ops, x) => ops.sin(x)],
  ['cos', [[3, 2]], (ops, x) => ops.cos(x)],
  ['tanh', [[3, 2]], (ops, x) => ops.tanh(x)],
  ['sigmoid', [[3, 2]], (ops, x) => ops.sigmoid(x)],
  ['erf', [[3, 2]], (ops, x) => ops.erf(x)],
  ['relu', [[3, 2]], (ops, x) => ops.relu(x)],
  ['softplus', [[3, 2]], (ops, x) => ops.softplus(x)],
  ['add, broadcast', [[3, 1], [4, 1, 2]], (ops, a, b) => ops.add(a, b)], // prettier-ignore
  ['sub, broadcast', [[3, 2], [2]], (ops, a, b) => ops.sub(a, b)], // prettier-ignore
  ['mul, broadcast', [[3, 2], [3, 1]], (ops, a, b) => ops.mul(a, b)], // prettier-ignore
  ['div, broadcast', [[3, 2], []], (ops, a, b) => ops.div(a, b)], // prettier-ignore
  ['max', [[3, 2], [3, 2]], (ops, a, b) => ops.max(a, b)], // prettier-ignore
  ['min', [[3, 2], [2]], (ops, a, b) => ops.min(a, b)], // prettier-ignore
  ['pow', [[3, 2], [2]], (ops, a, b) => ops.pow(a, b), true], // prettier-ignore
  ['mod', [[3, 2], [2]], (ops, a, b) => ops.mod(a, b), true], // prettier-ignore
  ['select', [[3, 2], [2]], (ops, a, b) => ops.select(ops.less(0, a), a, b)], // prettier-ignore
  ['cast', [[3]], (ops, x) => ops.cast(x, 'float32')],
  ['reduceSum', [[3, 2, 4]], (ops, x) => ops.reduceSum(x, [0, 2])],
  ['reduceMean', [[3, 2, 4]], (ops, x) => ops.reduceMean(x, [1], true)],
  ['reduceMax', [[3, 2, 4]], (ops, x) => ops.reduceMax(x, [1, 2])],
  ['reduceMin', [[3, 2, 4]], (ops, x) => ops.reduceMin(x, [0])],
  ['matMul', [[3, 2], [2, 4]], (ops, a, b) => ops.matMul(a, b)], // prettier-ignore
  ['matMul, both transposed', [[2, 3], [4, 2]], (ops, a, b) => ops.matMul(a, b, true, true)], // prettier-ignore
  ['matMul, a transposed, batched', [[5, 2, 3], [5, 2, 4]], (ops, a, b) => ops.matMul(a, b, true)], // prettier-ignore
  ['matMul, b transposed, batched', [[5, 3, 2], [1, 4, 2]], (ops, a, b) => ops.matMul(a, b, false, true)], // prettier-ignore
  ['matMul, one matrix for all', [[5, 3, 2], [2, 4]], (ops, a, b) => ops.matMul(a, b)], // prettier-ignore
  ['matMul, one transposed matrix for all', [[5, 3, 2], [4, 2]], (ops, a, b) => ops.matMul(a, b, false, true)], // prettier-ignore
  ['reshape', [[3, 4]], (ops, x) => ops.reshape(x, [2, null])],
  ['transpose', [[3, 4, 2]], (ops, x) => ops.transpose(x, [2, 0, 1])],
  ['broadcast', [[3, 1]], (ops, x) => ops.broadcast(x, [2, 3, 4])],
  [
    'expandLike',
    [[3, 1]],
    (ops, x) => ops.emit('expandLike', [x, ops.feed('like', [2, 3, 4])], {}),
  ],
  ['slice', [[5, 7]], (ops, x) => ops.slice(x, [1, 2], [3, 2], [1, 3])],
  ['pad', [[3, 2]], (ops, x) => ops.pad(x, [[1, 0], [2, 3]], 5)], // prettier-ignore
  ['concat', [[3, 2], [3, 4]], (ops, a, b) => ops.concat([a, b], 1)], // prettier-ignore
  ['reverse', [[3, 2]], (ops, x) => ops.reverse(x, [0, 1])],
  ['gather', [[4, 3]], (ops, x) => ops.gather(x, indices(ops))],
  ['gatherGrad', [[2, 3, 2]], (ops, x) => ops.gatherGrad(x, indices(ops), 4)],
  ['conv, same', [[2, 5, 4, 3], [3, 2, 3, 2]], (ops, x, w) => ops.conv(x, w, same)], // prettier-ignore
  ['conv, grouped', [[2, 6, 5, 4], [2, 3, 2, 6]], (ops, x, w) => ops.conv(x, w, grouped)], // prettier-ignore
  ['convInputGrad', [[2, 3, 4, 2], [3, 2, 3, 2]], (ops, y, w) => ops.convInputGrad(y, w, [5, 4], same)], // prettier-ignore
  ['convFilterGrad', [[2, 5, 4, 3], [2, 3, 4, 2]], (ops, x, y) => ops.convFilterGrad(x, y, [3, 2], same)], // prettier-ignore
  ['maxPool', [[2, 5, 4, 3]], (ops, x) => ops.maxPool(x, pool)],
  ['avgPool', [[2, 5, 4, 3]], (ops, x) => ops.avgPool(x, pool)],
  ['avgPoolGrad', [[2, 3, 4, 3]], (ops, x) => ops.avgPoolGrad(x, [5, 4], pool)],
  ['upsample', [[2, 3, 2, 2]], (ops, x) => ops.upsample(x, [2, 3])],
];

function indices(ops: Ops): Value {
  return ops.constant({ shape: [2, 3], dtype: 'int32', data: Int32Array.of(0, 3, 3, 1, 0, 0) });
}

/** Numbers away from 0 and from each other, so that no kink lies within a finite difference. */
function inputs(shapes: number[][], positive: boolean): Numbers[] {
  return shapes.map((shape, i) => {
    const order = createRandom(1, 'grad', i).permutation(sizeOf(shape));
    const data = Float64Array.from(order, (rank, at) => {
      const size = 0.35 + (1.7 * (rank + 0.31 * (i + 1))) / (sizeOf(shape) + 1);
      return positive || at % 2 === 0 ? size : -size;
    });
    return { shape, dtype: 'float32', data };
  });
}

describe('each gradient equals the finite difference', () => {
  it.each(cases)('%s', (_, shapes, build, positive = false) => {
    const ops = createOps();
    const xs = shapes.map((shape, i) => ops.feed(`x${i}`, shape));
    const y = build(ops, ...xs);
    const weights = ops.feed('weights', y.shape);
    const loss = ops.reduceSum(ops.mul(y, weights));
    const program = ops.program(
      Object.fromEntries([['loss', loss], ...grad(ops, loss, xs).map((dx, i) => [`d${i}`, dx])]),
    );
    const given = inputs(shapes, positive);
    const weightsData = Float64Array.from(createRandom(2, 'weights').normal(sizeOf(y.shape) ?? 0));
    const run = (values: Numbers[]) =>
      interpret(
        program,
        {},
        {
          like: { shape: [2, 3, 4], dtype: 'float32', data: new Float64Array(24) },
          weights: { shape: y.shape as number[], dtype: 'float32', data: weightsData },
          ...Object.fromEntries(values.map((value, i) => [`x${i}`, value])),
        },
      ).outputs;
    const analytic = run(given);
    const h = 1e-5;
    given.forEach((x, i) => {
      for (let at = 0; at < x.data.length; at++) {
        const moved = (by: number) => {
          const data = Float64Array.from(x.data);
          data[at]! += by;
          return run(given.map((other, j) => (j === i ? { ...x, data } : other)))['loss']!.data[0]!;
        };
        const expected = (moved(h) - moved(-h)) / (2 * h);
        expect(analytic[`d${i}`]!.data[at], `d${i}[${at}]`).toBeCloseTo(expected, 4);
      }
    });
  });

  it('and every operation that has a gradient is among them', () => {
    const tested = new Set(cases.map(([name]) => name.split(',')[0]));
    const without: OpName[] = ['maxPoolGrad', 'reduceProd'];
    const owed = Object.entries(gradients).filter(
      ([op, rule]) => rule !== null && !without.includes(op as OpName),
    );
    expect(owed.map(([op]) => op).filter((op) => !tested.has(op))).toEqual([]);
  });
});

describe('the sum of all uses', () => {
  it('a value used twice gets both gradients', () => {
    const ops = createOps();
    const x = ops.feed('x', [2]);
    const loss = ops.reduceSum(ops.add(ops.square(x), ops.mul(x, 3)));
    const program = ops.program({ dx: grad(ops, loss, [x])[0]! });
    const feeds = { x: { shape: [2], dtype: 'float32' as const, data: [5, -1] } };
    expect([...(interpret(program, {}, feeds).outputs['dx']!.data as Float64Array)]).toEqual([
      13, 1,
    ]);
  });

  it('what the loss does not depend on gets zeros', () => {
    const ops = createOps();
    const x = ops.feed('x', [2]);
    const other = ops.feed('other', [3]);
    const program = ops.program({ d: grad(ops, ops.reduceSum(x), [other])[0]! });
    const feeds = {
      x: { shape: [2], dtype: 'float32' as const, data: [5, -1] },
      other: { shape: [3], dtype: 'float32' as const, data: [1, 2, 3] },
    };
    expect([...(interpret(program, {}, feeds).outputs['d']!.data as Float64Array)]).toEqual([
      0, 0, 0,
    ]);
  });

  it('ties: a maximum shares its gradient, a pool gives it to the first', () => {
    const ops = createOps();
    const x = ops.feed('x', [1, 2, 2, 1]);
    const attrs = { poolSize: [2, 2], strides: [2, 2], padding: 'valid' } as const;
    const [byMax] = grad(ops, ops.reduceSum(ops.reduceMax(x, [1, 2])), [x]);
    const [byPool] = grad(ops, ops.reduceSum(ops.maxPool(x, attrs)), [x]);
    const { outputs } = interpret(
      ops.program({ byMax: byMax!, byPool: byPool! }),
      {},
      {
        x: { shape: [1, 2, 2, 1], dtype: 'float32', data: [-1, -3, -1, -1] },
      },
    );
    expect(Array.from(outputs['byMax']!.data, (value) => value.toFixed(3))).toEqual([
      '0.333', '0.000', '0.333', '0.333',
    ]); // prettier-ignore
    expect(Array.from(outputs['byPool']!.data)).toEqual([1, 0, 0, 0]);
  });
});
