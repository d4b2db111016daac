import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layerAt, pathsByLayer, placesOf } from '../../../shared/keras/graph.ts';
import { layerOf, type ModelSpec } from '../../../shared/keras/spec.ts';
import { summarize } from '../../../shared/keras/summary.ts';
import { layerTree, type TreeNode } from '../../../shared/keras/tree.ts';
import { traceModel, type TracedVariable } from '../../../shared/program/trace.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { callCounts } from '../../support/flatten.ts';
import { buildModel } from '../../support/build-recipe.ts';
import { recipe } from '../../support/random-model.ts';

const runs = { numRuns: 60, seed: 50 };

const nodesIn = (node: TreeNode): TreeNode[] => [node, ...(node.children ?? []).flatMap(nodesIn)];
const sizeOfAll = (variables: readonly TracedVariable[]) =>
  variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);
const depthOf = (spec: ModelSpec) =>
  Math.max(
    ...placesOf(spec)
      .filter(({ layer }) => layerOf(spec, layer).graph)
      .map(({ path }) => path.split('/').length),
  );

describe('random models', () => {
  it('have what the properties are about', () => {
    const specs = fc.sample(recipe, runs).map(buildModel);
    const count = (has: (spec: ModelSpec) => boolean) => specs.filter(has).length;
    const layers = (spec: ModelSpec) => Object.values(spec.layers);
    const shared = (spec: ModelSpec, model: boolean) =>
      [...pathsByLayer(spec)].some(
        ([layer, paths]) =>
          paths.length > 1 &&
          layerOf(spec, layer).class_name !== 'InputLayer' &&
          (layerOf(spec, layer).graph !== undefined) === model,
      );
    const twice = (spec: ModelSpec) =>
      layers(spec).some(({ graph }) => {
        const models = graph?.calls.filter(({ layer }) => layerOf(spec, layer).graph) ?? [];
        return new Set(models.map(({ layer }) => layer)).size < models.length;
      });
    const main = (spec: ModelSpec) => layerOf(spec, spec.models[0]!).graph!;
    const found = {
      threeDeep: count((spec) => depthOf(spec) > 3),
      sharedLayer: count((spec) => shared(spec, false)),
      sharedModel: count((spec) => shared(spec, true)),
      calledTwice: count(twice),
      sequential: count((spec) => layers(spec).some((one) => one.class_name === 'Sequential')),
      inputs: count((spec) => main(spec).inputs.length > 1),
      outputs: count((spec) => main(spec).outputs.length > 1),
      frozen: count((spec) => layers(spec).some(({ config }) => config['trainable'] === false)),
      trained: count((spec) => traceModel(spec, spec.models[0]!).variables.length > 0),
    };
    for (const [what, many] of Object.entries(found))
      expect(many, what).toBeGreaterThan(specs.length / 10);
  });

  it('have the same totals in the trace, the tree and the summary', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel(recipe);
        const model = spec.models[0]!;
        const { variables } = traceModel(spec, model);
        const all = sizeOfAll(variables);
        const trained = sizeOfAll(variables.filter(({ trainable }) => trainable));
        const [tree] = layerTree(spec);
        expect([tree!.params, tree!.trainableParams]).toEqual([all, trained]);
        for (const expandNested of [false, true]) {
          const { trainable, nonTrainable } = summarize(spec, model, { expandNested });
          expect([trainable.count, nonTrainable.count]).toEqual([trained, all - trained]);
        }
        const own = new Map(
          nodesIn(tree!)
            .filter(({ children }) => children === null)
            .map(({ layer, params }) => [layer, params]),
        );
        expect([...own.values()].reduce((sum, params) => sum + params, 0)).toBe(all);
      }),
      runs,
    );
  });

  it('have one path a place, and each leads to its layer', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel(recipe);
        const places = placesOf(spec);
        const paths = places.map(({ path }) => path);
        expect(new Set(paths).size).toBe(paths.length);
        for (const { path, layer } of places) expect(layerAt(spec, path)).toBe(layer);
        const nodes = layerTree(spec).flatMap(nodesIn);
        expect(nodes.map(({ path, layer }) => ({ path, layer }))).toEqual(places);
        for (const { path, paths: all } of nodes) expect(all).toContain(path);
        expect(new Set(places.map(({ layer }) => layer))).toEqual(
          new Set(Object.keys(spec.layers)),
        );
      }),
      runs,
    );
  });

  it('call every layer at its paths as often as the flat model does', () => {
    fc.assert(
      fc.property(recipe, (recipe) => {
        const spec = buildModel(recipe);
        const paths = pathsByLayer(spec);
        const counts = new Map<string, number>();
        for (const { path, layer } of traceModel(spec, spec.models[0]!).calls) {
          expect(paths.get(layer)).toContain(path);
          const { class_name, graph } = layerOf(spec, layer);
          if (!graph && class_name !== 'InputLayer')
            counts.set(layer, (counts.get(layer) ?? 0) + 1);
        }
        const expected = [...callCounts(spec)].filter(
          ([layer]) => layerOf(spec, layer).class_name !== 'InputLayer',
        );
        expect(counts).toEqual(new Map(expected));
      }),
      runs,
    );
  });
});
