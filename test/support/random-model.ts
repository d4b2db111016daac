import fc, { type Arbitrary } from 'fast-check';
import { frozen, inputShape, layerRecipe, mergeName, type LayerRecipe } from './random-layers.ts';

/** What to do next in a model. Numbers pick among the tensors or layers that fit, the newest first. */
export type Step =
  | { readonly do: 'layer'; readonly layer: LayerRecipe; readonly from: number }
  | { readonly do: 'merge'; readonly merge: string; readonly from: number; readonly and: number }
  | { readonly do: 'sequential'; readonly chain: readonly LayerRecipe[]; readonly from: number }
  | { readonly do: 'model'; readonly model: ModelRecipe; readonly from: readonly number[] }
  /** Calls a layer or model that was made before, in whatever model. */
  | { readonly do: 'again'; readonly which: number; readonly from: number }
  /** A model from the inputs of one made before to a tensor inside it, and a call of it. */
  | {
      readonly do: 'features';
      readonly which: number;
      readonly tensor: number;
      readonly from: number;
    };

/** What a model is made of; the models inside have one too. */
export interface ModelRecipe {
  readonly steps: readonly Step[];
  readonly frozen: boolean;
}

/** A model to compose, as plain data. Every recipe can be built: a step that nothing fits is passed over. */
export interface Recipe extends ModelRecipe {
  readonly inputs: readonly (readonly number[])[];
  /** Whether names are counted over all models, or begin anew in each. */
  readonly names: 'unique' | 'local';
  /** Whether models may take what they don't use, and give what nothing uses. */
  readonly waste: boolean;
}

const pick = fc.nat({ max: 5 });

function step(depth: number): Arbitrary<Step> {
  const layer = fc.record({ do: fc.constant('layer' as const), layer: layerRecipe, from: pick });
  const merge = fc.record({
    do: fc.constant('merge' as const),
    merge: mergeName,
    from: pick,
    and: pick,
  });
  const sequential = fc.record({
    do: fc.constant('sequential' as const),
    chain: fc.array(layerRecipe, { minLength: 1, maxLength: 3 }),
    from: pick,
  });
  const again = fc.record({ do: fc.constant('again' as const), which: pick, from: pick });
  const features = fc.record({
    do: fc.constant('features' as const),
    which: pick,
    tensor: pick,
    from: pick,
  });
  const model = (below: number) =>
    fc.record({
      do: fc.constant('model' as const),
      model: fc.record({ steps: steps(below), frozen: frozen() }),
      from: fc.array(pick, { minLength: 1, maxLength: 2 }),
    });
  return fc.oneof(
    { withCrossShrink: true },
    { weight: 5, arbitrary: layer },
    { weight: 2, arbitrary: merge },
    { weight: 1, arbitrary: sequential },
    { weight: 3, arbitrary: again },
    { weight: 1, arbitrary: features },
    ...(depth > 0 ? [{ weight: 5, arbitrary: model(depth - 1) }] : []),
  );
}

const steps = (depth: number): Arbitrary<Step[]> =>
  fc.array(step(depth), {
    minLength: depth === DEPTH ? 3 : 1,
    maxLength: depth === DEPTH ? 7 : 4,
    size: 'max',
  });

/** How many models may stand inside one another below the outermost. */
const DEPTH = 3;

/** Recipes of models with models inside: shared, called again, cut short, frozen, of several inputs and outputs. */
export const recipe: Arbitrary<Recipe> = fc.record({
  inputs: fc.array(inputShape, { minLength: 1, maxLength: 2 }),
  steps: steps(DEPTH),
  frozen: fc.constant(false),
  names: fc.constantFrom('unique' as const, 'local' as const),
  waste: fc.boolean(),
});
