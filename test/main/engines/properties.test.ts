import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createTensorflowEngine } from '../../../main/engines/tensorflow/engine.ts';
import type { CompiledModel } from '../../../shared/program/step.ts';
import { engineRunner, interpreter, singlePrecision, type Runner } from '../../golden/runner.ts';
import type { Numbers } from '../../reference/numbers.ts';
import { compileRandom, difference, feedsOf, startOf } from '../../support/one-step.ts';
import { buildModel } from '../../support/build-recipe.ts';
import { recipe } from '../../support/random-model.ts';

const STEPS = 3;

let engines: Runner[];
beforeAll(async () => {
  engines = [
    engineRunner(await createOnnxEngine()),
    engineRunner(await createTensorflowEngine({ provider: 'javascript' })),
  ];
});
afterAll(() => Promise.all(engines.map((engine) => engine.close())));

/** Predictions, then the loss of each step, the variables after the last, and predictions again. */
async function train(compiled: CompiledModel, runner: Runner): Promise<Record<string, Numbers>> {
  const session = await runner.open(startOf(compiled));
  const results: Record<string, Numbers> = {};
  const predict = async (when: string) => {
    const outputs = await session.run(compiled.predict, feedsOf(compiled, compiled.predict));
    for (const [name, value] of Object.entries(outputs)) results[`${name} ${when}`] = value;
  };
  await predict('before');
  for (let step = 0; step < STEPS; step++) {
    const { loss } = await session.run(compiled.train, feedsOf(compiled, compiled.train, step));
    results[`loss ${step}`] = loss!;
  }
  const values = await session.values();
  for (const { key } of compiled.variables) results[key] = values[key]!;
  await predict('after');
  await session.close();
  return results;
}

/** A gradient that is 0 but for rounding must not count: Adam divides it by its own size, if epsilon lets it. */
const ADAM = ['Adam', { learning_rate: 0.01, epsilon: 0.001 }] as const;

/** The largest difference of results, and where it is. */
function furthest(received: Record<string, Numbers>, expected: Record<string, Numbers>) {
  let worst = { name: '', off: 0 };
  for (const [name, { data }] of Object.entries(expected)) {
    const off = difference(received[name]!.data, data);
    if (off > worst.off) worst = { name, off };
  }
  return worst;
}

it('both engines train random models of models as the reference does', async () => {
  await fc.assert(
    fc.asyncProperty(recipe, async (recipe) => {
      const compiled = compileRandom(buildModel(recipe), ADAM);
      const expected = await train(compiled, interpreter);
      // A gradient that cancels to 0, or a power of powers, is beyond single precision, not wrong.
      fc.pre(furthest(await train(compiled, singlePrecision), expected).off < 1e-5);
      for (const engine of engines) {
        const results = await train(compiled, engine);
        const shapes = (all: Record<string, Numbers>) =>
          Object.entries(all).map(([name, { shape }]) => [name, shape]);
        expect(shapes(results)).toEqual(shapes(expected));
        const { name, off } = furthest(results, expected);
        expect(off, `${name} of ${engine.name}`).toBeLessThan(1e-4);
      }
    }),
    { numRuns: 30, seed: 60 },
  );
});
