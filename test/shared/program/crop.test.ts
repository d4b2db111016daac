import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createOps, type Ops, type Value } from '../../../shared/program/builder.ts';
import { cropUnseen } from '../../../shared/program/crop.ts';
import { grad } from '../../../shared/program/grad.ts';
import { nodesOf, type Program } from '../../../shared/program/program.ts';
import type { Forward } from '../../../shared/program/trace.ts';
import { sizeOf, tensor, type NamedTensors, type Shape } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { interpret } from '../../reference/interpret.ts';

const BATCH = 2;

function forward(ops: Ops, ...outputs: Value[]): Forward {
  return { ops, outputs, losses: [], masks: [], updates: {}, variables: [], calls: [] };
}

const byNumber = (values: readonly Value[]): Record<string, Value> =>
  Object.fromEntries(values.entries());

/** The outputs' sums, and their gradients for every variable. */
function judged({ ops, outputs }: Forward): Program {
  const loss = outputs
    .map((y, i) => ops.reduceSum(ops.mul(ops.square(y), i + 1)))
    .reduce((a, b) => ops.add(a, b));
  const filters = nodesOf(ops.program({ loss }), 'variable').map(({ attrs }) =>
    ops.variable(attrs.name, attrs.shape),
  );
  const gradients = grad(ops, loss, filters).map((dw, i) => [`dw${i}`, dw] as const);
  return ops.program({ ...byNumber(outputs), loss, ...Object.fromEntries(gradients) });
}

function run(program: Program) {
  const given: NamedTensors = {};
  for (const { attrs } of [...nodesOf(program, 'feed'), ...nodesOf(program, 'variable')]) {
    const shape = attrs.shape.map((dim) => dim ?? BATCH);
    given[attrs.name] = tensor(createRandom(1, attrs.name).normal(sizeOf(shape)), shape);
  }
  return interpret(program, given, given).outputs;
}

function expectEqual(build: (ops: Ops) => Forward): void {
  const expected = run(judged(build(createOps())));
  const received = run(judged(cropUnseen(build(createOps()))));
  expect(Object.keys(received)).toEqual(Object.keys(expected));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(received[name]!.shape).toEqual(shape);
    const scale = Math.max(1, ...Array.from(data, Math.abs));
    Array.from(data, (x, i) =>
      expect(Math.abs(received[name]!.data[i]! - x), name).toBeLessThan(1e-9 * scale),
    );
  }
}

/** The spatial sizes that the convolutions of a program give. */
const sizes = ({ ops, outputs }: Forward): Shape[] =>
  nodesOf(ops.program(byNumber(outputs)), 'conv').map(({ shape }) => shape.slice(1, -1));

const step = (strides: number, padding: 'valid' | 'same', dilation = 1) =>
  ({ strides: [strides, strides], padding, dilations: [dilation, dilation], groups: 1 }) as const;

const pool2 = { poolSize: [2, 2], strides: [2, 2], padding: 'valid' } as const;

let named = 0;
function conv(ops: Ops, x: Value, filters: number, attrs: ReturnType<typeof step>): Value {
  const filter = ops.variable(`w${named++}`, [3, 3, x.shape.at(-1)!, filters]);
  const bias = ops.variable(`b${named++}`, [filters]);
  return ops.relu(ops.add(ops.conv(x, filter, attrs), bias));
}

describe('what no window covers', () => {
  it('is not computed, in the convolutions before it neither', () => {
    const ops = createOps();
    const x = ops.feed('x', [null, 15, 15, 1]);
    const y = conv(ops, conv(ops, x, 2, step(1, 'same')), 2, step(1, 'valid'));
    const cropped = cropUnseen(forward(ops, ops.maxPool(y, pool2)));
    expect(sizes(cropped)).toEqual([
      [14, 14],
      [12, 12],
    ]);
  });

  it('is computed where something else looks at it', () => {
    const ops = createOps();
    const y = conv(ops, ops.feed('x', [null, 7, 7, 1]), 2, step(1, 'same'));
    const whole = forward(ops, ops.maxPool(y, pool2), ops.reduceSum(y, [1, 2]));
    expect(cropUnseen(whole)).toBe(whole);
  });

  it('changes no number and no gradient in any stack', () => {
    const layer = fc.record({
      kind: fc.constantFrom('conv', 'conv', 'residual', 'maxPool', 'avgPool', 'scale', 'mean'),
      padding: fc.constantFrom('same', 'valid'),
      stride: fc.constantFrom(1, 1, 2),
      dilation: fc.constantFrom(1, 1, 2),
      size: fc.constantFrom(2, 3),
    });
    const stack = fc.record({
      height: fc.integer({ min: 7, max: 11 }),
      width: fc.integer({ min: 7, max: 11 }),
      layers: fc.array(layer, { minLength: 1, maxLength: 4 }),
      tap: fc.constantFrom(false, false, true),
    });
    let cropped = 0;
    fc.assert(
      fc.property(stack, ({ height, width, layers, tap }) => {
        const build = (ops: Ops) => {
          named = 0;
          let y = ops.feed('x', [null, height, width, 2]);
          let between = y;
          for (const { kind, padding, stride, dilation, size } of layers) {
            const before = y;
            const [rows, columns] = y.shape.slice(1) as [number, number];
            if (Math.min(rows, columns) < 5) break;
            const window = { poolSize: [size, size], strides: [stride, 2], padding } as const;
            if (kind === 'conv')
              y = conv(ops, y, 2, step(dilation > 1 ? 1 : stride, padding, dilation));
            else if (kind === 'maxPool') y = ops.maxPool(y, window);
            else if (kind === 'avgPool') y = ops.avgPool(y, window);
            else if (kind === 'residual') y = ops.add(conv(ops, y, 2, step(1, 'same')), y);
            else if (kind === 'scale')
              y = ops.mul(y, ops.variable(`scale${named++}`, [columns, 1]));
            else y = ops.sub(y, ops.reduceMean(y, [1, 2], true));
            between = before;
          }
          if (Math.min(y.shape[1]!, y.shape[2]!) > 1) y = ops.maxPool(y, pool2);
          return tap ? forward(ops, y, between) : forward(ops, y);
        };
        const whole = build(createOps());
        if (cropUnseen(whole) !== whole) cropped += 1;
        expectEqual(build);
      }),
      { numRuns: 60, seed: 4 },
    );
    expect(cropped).toBeGreaterThan(15);
  });

  it('stays where the size of the image is not known', () => {
    const ops = createOps();
    const y = conv(ops, ops.feed('x', [null, null, 7, 1]), 2, step(1, 'valid'));
    const [result] = cropUnseen(forward(ops, ops.maxPool(y, pool2))).outputs;
    expect(result!.shape).toEqual([null, null, 2, 2]);
  });
});
