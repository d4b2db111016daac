import { describe, expect, test } from 'vitest';
import type { Engine } from '../../../../main/engines/engine.ts';
import { createOps } from '../../../../shared/program/builder.ts';
import { interpret, notInterpreted } from '../../../../shared/program/interpreter/interpret.ts';
import { OP_NAMES } from '../../../../shared/program/ops.ts';
import { tensor, type NamedTensors } from '../../../../shared/program/tensor.ts';
import { check, type Case } from '../../../main/engines/conformance/case.ts';
import { convolutionCases } from '../../../main/engines/conformance/convolution.ts';
import { elementwiseCases } from '../../../main/engines/conformance/elementwise.ts';
import { layoutCases } from '../../../main/engines/conformance/layout.ts';
import { linearCases } from '../../../main/engines/conformance/linear.ts';
import { poolingCases } from '../../../main/engines/conformance/pooling.ts';
import { randomCases } from '../../../main/engines/conformance/random.ts';
import { reductionCases } from '../../../main/engines/conformance/reduction.ts';
import { sourceCases } from '../../../main/engines/conformance/sources.ts';

const cases: readonly Case[] = [
  ...sourceCases,
  ...elementwiseCases,
  ...reductionCases,
  ...layoutCases,
  ...linearCases,
  ...convolutionCases,
  ...poolingCases,
];

/** The interpreter in the form in which engines are held to the reference. */
const engine = {
  unsupported: notInterpreted,
  variables: (values: NamedTensors) => Promise.resolve({ values, dispose: () => {} }),
  compile: (program: Parameters<typeof interpret>[0]) =>
    Promise.resolve({
      run: async ({ values }: { values: NamedTensors }, feeds: NamedTensors) =>
        interpret(program, values, feeds),
      dispose: async () => {},
    }),
} as unknown as Engine;

const training = new Set(['random', 'gatherGrad', 'convFilterGrad', 'maxPoolGrad', 'avgPoolGrad']);

describe('the interpreter computes as the reference', () => {
  for (const op of OP_NAMES.filter((name) => !training.has(name)))
    test(op, async () => {
      const own = [...cases.filter((c) => c.op === op), ...randomCases(op)];
      expect(own.length).toBeGreaterThan(0);
      for (const one of own) await check(engine, one);
    });
});

test('what it does not have it says by name', () => {
  const ops = createOps();
  const drawn = ops.random('noise', [2], { kind: 'normal', mean: 0, stddev: 1 });
  const program = ops.program({ y: drawn });
  expect(notInterpreted(program)).toEqual(['random']);
  expect(() => interpret(program, {}, {})).toThrow(/random is an operation of training/);
});

test('feeds and variables that are missing or do not fit are named', () => {
  const ops = createOps();
  const y = ops.add(ops.feed('x', [null, 2]), ops.variable('w', [2]));
  const program = ops.program({ y });
  const w = tensor([1, 2], [2]);
  expect(() => interpret(program, { w }, {})).toThrow(/the feed x is missing/);
  expect(() => interpret(program, {}, { x: tensor([1, 2], [1, 2]) })).toThrow(/variable w is/);
  expect(() => interpret(program, { w }, { x: tensor([1, 2, 3], [1, 3]) })).toThrow(
    /the feed x: expected float32 \(None, 2\); got float32 \(1, 3\)/,
  );
});
