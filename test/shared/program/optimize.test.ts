import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Node, NodeOf, Program } from '../../../shared/program/program.ts';
import { nodesOf } from '../../../shared/program/program.ts';
import { optimize } from '../../../shared/program/optimize.ts';
import { createOps, type Ops, type Value } from '../../../shared/program/builder.ts';
import { compileModel } from '../../../shared/program/step.ts';
import { sizeOf, tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { interpret } from '../../reference/interpret.ts';
import type { Numbers } from '../../reference/numbers.ts';
import { randomProgram } from '../../support/random-program.ts';
import { seedModels } from '../../support/seed.ts';

/** Runs a program in single precision: every result is rounded, as an engine does. */
function run(program: Program): Record<string, Numbers> {
  const given: NamedTensors = {};
  for (const { op, attrs } of program.nodes)
    if (op === 'feed' || op === 'variable' || op === 'random') {
      const { name, shape } = attrs as NodeOf<'variable'>['attrs'];
      given[name] = tensor(createRandom(name.length, name).normal(sizeOf(shape)), shape);
    }
  const { outputs, updates } = interpret(program, given, given, (result) =>
    result.dtype === 'float32' ? { ...result, data: Float32Array.from(result.data) } : result,
  );
  return { ...outputs, ...updates };
}

/** Builds a program without the builder's own care: as the operations come. */
function programOf(build: (ops: Ops) => Value): Program {
  const ops = createOps();
  return ops.program({ y: build(ops) });
}

const names = (program: Program) => program.nodes.map(({ op }) => op);
const numbers = (program: Program) =>
  nodesOf(program, 'constant').map(({ attrs }) => Array.from(attrs.value.data));

describe('random programs', () => {
  it('give equal numbers before and after', () => {
    fc.assert(
      fc.property(randomProgram, (program) => {
        const expected = run(program);
        const received = run(optimize(program));
        for (const [name, { shape, dtype, data }] of Object.entries(expected)) {
          expect(received[name]!.shape).toEqual(shape);
          expect(received[name]!.dtype).toBe(dtype);
          Array.from(data, (x, i) => expect(received[name]!.data[i]! + 0).toBe(x + 0));
        }
      }),
      { numRuns: 2000, seed: 11 },
    );
  });

  it('are done with after one pass', () => {
    fc.assert(
      fc.property(randomProgram, (program) => {
        const once = optimize(program);
        expect(optimize(once)).toEqual(once);
      }),
      { numRuns: 500, seed: 12 },
    );
  });

  it('never get longer, nor is an input invented or an order lost', () => {
    fc.assert(
      fc.property(randomProgram, (program) => {
        const { nodes } = optimize(program);
        expect(nodes.length).toBeLessThanOrEqual(program.nodes.length);
        for (const [id, { inputs }] of nodes.entries())
          for (const input of inputs) expect(input).toBeLessThan(id);
      }),
      { numRuns: 500, seed: 13 },
    );
  });
});

describe('equal work', () => {
  const feed = { name: 'x', shape: [3], dtype: 'float32' } as const;
  const type = { shape: [3], dtype: 'float32' } as const;
  const node = (op: string, inputs: number[], attrs: object) =>
    ({ op, inputs, attrs, ...type }) as unknown as Node;

  it('is done once, whatever the order of a sum is', () => {
    const nodes = [
      node('feed', [], feed),
      node('exp', [0], {}),
      node('exp', [0], {}),
      node('tanh', [0], {}),
      node('add', [1, 3], {}),
      node('add', [3, 2], {}),
      node('mul', [4, 5], {}),
    ];
    const program = optimize({ nodes, outputs: { y: 6 }, updates: {} });
    expect(names(program)).toEqual(['feed', 'exp', 'tanh', 'add', 'mul']);
    expect(program.nodes.at(-1)!.inputs).toEqual([3, 3]);
  });

  it.each(['random', 'variable'])('of a %s is left apart', (op) => {
    const distribution = { kind: 'normal', mean: 0, stddev: 1 };
    const attrs = { ...feed, distribution };
    const nodes = [node(op, [], attrs), node(op, [], attrs), node('sub', [0, 1], {})];
    const program = { nodes, outputs: { y: 2 }, updates: {} };
    expect(optimize(program)).toEqual(program);
  });

  it('has attributes that are equal too', () => {
    const nodes = [
      node('feed', [], { ...feed, shape: [3, 3] }),
      node('reduceSum', [0], { axes: [0], keepDims: false }),
      node('reduceSum', [0], { axes: [1], keepDims: false }),
      node('sub', [1, 2], {}),
    ];
    expect(optimize({ nodes, outputs: { y: 3 }, updates: {} }).nodes).toHaveLength(4);
  });
});

describe('constants', () => {
  it('are computed with, each number rounded once', () => {
    const program = optimize(
      programOf((ops) => {
        const third = ops.div(ops.constant(tensor([1, 2], [2])), 3);
        return ops.mul(ops.feed('x', [2]), ops.sub(1, third));
      }),
    );
    expect(names(program)).toEqual(['feed', 'constant', 'mul']);
    const third = [Math.fround(1 / 3), Math.fround(2 / 3)];
    expect(numbers(program)).toEqual([third.map((x) => Math.fround(1 - x))]);
  });

  it('are not blown up', () => {
    const program = programOf((ops) =>
      ops.add(ops.broadcast(ops.constant(tensor([5], [])), [1000]), ops.feed('x', [1000])),
    );
    expect(optimize(program)).toEqual(program);
  });

  it('leave integers that overflow, and divisions by 0, to the run', () => {
    const program = programOf((ops) => {
      const large = ops.constant(tensor([2 ** 31 - 1], [], 'int32'));
      return ops.div(ops.add(large, large), ops.constant(tensor([0], [], 'int32')));
    });
    expect(optimize(program)).toEqual(program);
  });
});

describe('what cancels', () => {
  it.each<[string, (ops: Ops, x: Value) => Value, string[]]>([
    ['x 1', (ops, x) => ops.mul(1, x), []],
    ['x / 1', (ops, x) => ops.div(x, 1), []],
    ['x - 0', (ops, x) => ops.sub(x, 0), []],
    ['-(-x)', (ops, x) => ops.neg(ops.neg(x)), []],
    ['x / 8', (ops, x) => ops.div(x, 8), ['constant', 'mul']],
    ['x (-1)', (ops, x) => ops.mul(x, -1), ['neg']],
    ['transposed there and back', (ops, x) => ops.transpose(ops.transpose(x, [1, 0]), [1, 0]), []],
    ['reshaped twice', (ops, x) => ops.reshape(ops.reshape(x, [null]), [3, 2]), ['reshape']],
    ['reshaped there and back', (ops, x) => ops.reshape(ops.reshape(x, [null]), [2, 3]), []],
    ['padded and cut', (ops, x) => ops.slice(ops.pad(x, [[1, 2], [0, 1]]), [1, 0], [2, 3]), []],
    ['a product with a transpose', (ops, x) => ops.matMul(x, ops.transpose(x, [1, 0])), ['matMul']],
  ])('%s', (_, build, left) => {
    const program = optimize(programOf((ops) => build(ops, ops.feed('x', [2, 3]))));
    expect(names(program)).toEqual(['feed', ...left]);
  }); // prettier-ignore

  it.each<[string, (ops: Ops, x: Value) => Value]>([
    ['x + 0 makes 0 of -0', (ops, x) => ops.add(x, 0)],
    ['0 x is not 0 for infinity', (ops, x) => ops.mul(x, 0)],
    ['x / 3 is not x (1 / 3)', (ops, x) => ops.div(x, 3)],
    ['the sum has another shape', (ops, x) => ops.mul(x, ops.constant(tensor([1], [1, 1, 1])))],
    ['x - x is not 0 for infinity', (ops, x) => ops.sub(x, x)],
  ])('but %s', (_, build) => {
    const program = programOf((ops) => build(ops, ops.feed('x', [2, 3])));
    expect(optimize(program)).toEqual(program);
  });
});

it('a training step is what the optimizer leaves', () => {
  const { train } = compileModel(seedModels, 'autoencoder', {
    optimizer: { class_name: 'Adam', config: {} },
    loss: 'mse',
  });
  expect(optimize(train)).toEqual(train);
});

it('a long program takes time in proportion', () => {
  const long = (length: number): Program => {
    const nodes: Node[] = [];
    const ops = createOps();
    let y = ops.feed('x', [4]);
    for (let i = 0; ops.nodes.length < length; i++)
      y = ops.neg(ops.add(ops.mul(ops.neg(y), 1), ops.tanh(ops.sub(ops.feed('x', [4]), i % 7))));
    nodes.push(...ops.nodes);
    return { nodes, outputs: { y: y.id }, updates: {} };
  };
  const program = long(100_000);
  const { nodes } = optimize(program);
  expect(nodes.length).toBeLessThan(program.nodes.length / 2);
});
