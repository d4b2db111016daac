import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Engine } from '../../../main/engines/engine.ts';
import { OP_NAMES } from '../../../shared/program/ops.ts';
import { check, TOLERANCE, type Case } from './conformance/case.ts';
import { convolutionCases } from './conformance/convolution.ts';
import { elementwiseCases } from './conformance/elementwise.ts';
import { layoutCases } from './conformance/layout.ts';
import { linearCases } from './conformance/linear.ts';
import { poolingCases } from './conformance/pooling.ts';
import { describePrograms } from './conformance/programs.ts';
import { randomCases } from './conformance/random.ts';
import { reductionCases } from './conformance/reduction.ts';
import { sourceCases } from './conformance/sources.ts';
import { describeVariables } from './conformance/variables.ts';

const cases: readonly Case[] = [
  ...sourceCases,
  ...elementwiseCases,
  ...reductionCases,
  ...layoutCases,
  ...linearCases,
  ...convolutionCases,
  ...poolingCases,
];

/**
 * What every engine must hold to: each operation equals the reference in values, shape and type, at the edges and on
 * random shapes, and variables behave as `engine.ts` says. An operation without random cases fails. `tolerance` is how
 * far a float32 result of an operation may be off, relative to the largest number of its tensor.
 */
export function conformance(
  name: string,
  createEngine: () => Promise<Engine>,
  tolerance = TOLERANCE,
): void {
  describe(`${name} engine`, () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await createEngine();
    });
    afterAll(() => engine.dispose());

    describe('operations', () => {
      for (const op of OP_NAMES)
        it(op, async () => {
          const own = [...cases.filter((c) => c.op === op), ...randomCases(op)];
          expect(own.length, `cases for ${op}`).toBeGreaterThan(0);
          for (const one of own) await check(engine, one, tolerance);
        });
    });
    describePrograms(() => engine);
    describeVariables(() => engine);
  });
}
