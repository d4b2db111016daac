import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layerTree } from '../../../shared/keras/tree.ts';
import type { CompiledModel } from '../../../shared/program/step.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { callCounts, isHalfFrozen } from '../../support/flatten.ts';
import {
  compileFlat,
  compileRandom,
  difference,
  predict,
  trainOnce,
} from '../../support/one-step.ts';
import { buildModel } from '../../support/build-recipe.ts';
import { recipe } from '../../support/random-model.ts';

const runs = { numRuns: 40, seed: 20 };

const byKey = ({ variables }: CompiledModel) =>
  Object.fromEntries(variables.map(({ key, shape, trainable }) => [key, { shape, trainable }]));

describe('a model of models and the same layers in one flat model', () => {
  it('have the same variables', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel(recipe);
        const nested = compileRandom(spec);
        const flat = byKey(compileFlat(spec));
        expect(byKey(nested)).toEqual(flat);
        expect(nested.variables).toHaveLength(Object.keys(flat).length);
        const params = Object.values(flat).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
        expect(layerTree(spec)[0]!.params).toBe(params);
      }),
      runs,
    );
  });

  it('give the same outputs, loss, gradients and moving averages', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel(recipe);
        fc.pre(!isHalfFrozen(spec));
        const nested = compileRandom(spec);
        const flat = compileFlat(spec);
        const outputs = predict(flat);
        predict(nested).forEach(({ data }, i) => expect(data).toEqual(outputs[i]!.data));

        const [step, expected] = [trainOnce(nested), trainOnce(flat)];
        expect(difference([step.loss], [expected.loss])).toBeLessThan(1e-12);
        expect(Object.keys(step.updates).sort()).toEqual(Object.keys(expected.updates).sort());
        // Moving averages depend on the order of the calls, which the two models may choose.
        const calls = callCounts(spec);
        for (const { key, layer, name } of nested.variables)
          if (step.updates[key] && !(name.startsWith('moving_') && calls.get(layer)! > 1))
            expect(
              difference(step.updates[key].data, expected.updates[key]!.data),
              key,
            ).toBeLessThan(1e-12);
      }),
      runs,
    );
  });
});
