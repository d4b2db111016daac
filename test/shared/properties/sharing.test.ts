import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { isHalfFrozen, originalOf } from '../../support/flatten.ts';
import {
  compileFlat,
  compileRandom,
  difference,
  startOf,
  trainOnce,
} from '../../support/one-step.ts';
import { buildModel } from '../../support/build-recipe.ts';
import { recipe } from '../../support/random-model.ts';

describe('the layers of a model of models', () => {
  it('are each updated once, by the sum of the gradients of all their calls', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = withoutRegularizers(buildModel(recipe));
        fc.pre(!isHalfFrozen(spec));
        const shared = compileRandom(spec);
        const apart = compileFlat(spec, { apart: true });
        const before = startOf(shared);
        const { updates } = trainOnce(shared);
        const copies = trainOnce(apart).updates;
        for (const { key, trainable } of shared.variables) {
          if (!trainable) continue;
          const expected = Float64Array.from(before[key]!.data);
          for (const copy of apart.variables)
            if (originalOf(copy.key) === key)
              expected.forEach((_, i) => {
                expected[i]! += copies[copy.key]!.data[i]! - before[key]!.data[i]!;
              });
          expect(difference(updates[key]!.data, expected), key).toBeLessThan(1e-11);
        }
      }),
      { numRuns: 50, seed: 30 },
    );
  });

  it('stay as they are where they are frozen', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = freezeHalf(buildModel(recipe));
        const compiled = compileRandom(spec);
        const { updates } = trainOnce(compiled);
        for (const { key, trainable, name } of compiled.variables)
          if (trainable) expect(updates).toHaveProperty([key]);
          else if (!name.startsWith('moving_')) expect(updates).not.toHaveProperty([key]);
      }),
      { numRuns: 30, seed: 31 },
    );
  });
});

/** A copy of a layer would be regularized again. */
function withoutRegularizers(spec: ModelSpec): ModelSpec {
  const text = JSON.stringify(spec, (key, value: unknown) =>
    key === 'kernel_regularizer' ? undefined : value,
  );
  return JSON.parse(text) as ModelSpec;
}

/** Every other model inside is frozen. */
function freezeHalf(spec: ModelSpec): ModelSpec {
  const layers = Object.entries(spec.layers).map(([id, layer], i) => [
    id,
    layer.graph && i % 2 === 1
      ? { ...layer, config: { ...layer.config, trainable: false } }
      : layer,
  ]);
  return { ...spec, layers: Object.fromEntries(layers) as ModelSpec['layers'] };
}
