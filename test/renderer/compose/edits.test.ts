import { expect, test } from 'vitest';
import { isTrainable, setTrainable } from '../../../renderer/compose/edits.ts';
import { layersInside, outermostModels } from '../../../renderer/compose/models.ts';
import { layerTree, type TreeNode } from '../../../shared/keras/tree.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { seed, tangled } from './models.ts';

const frozen = (spec: ModelSpec) =>
  Object.keys(spec.layers).filter((id) => !isTrainable(spec.layers[id]!));

function node(spec: ModelSpec, path: string): TreeNode {
  const find = (nodes: readonly TreeNode[]): TreeNode | undefined =>
    nodes.map((one) => (one.path === path ? one : find(one.children ?? []))).find(Boolean);
  return find(layerTree(spec))!;
}

test('freezing a model freezes everything inside, as in Keras', () => {
  const spec = setTrainable(seed, 'decoder', false);
  expect(frozen(spec).sort()).toEqual(layersInside(seed, 'decoder').sort());
  expect(node(spec, 'autoencoder/decoder').trainable).toBe(false);
  expect(node(spec, 'autoencoder').trainable).toBe('mixed');
  expect(frozen(seed)).toEqual([]);
});

test('releasing it again gives the same spec', () => {
  expect(setTrainable(setTrainable(seed, 'decoder', false), 'decoder', true)).toEqual(seed);
});

test('a change that changes nothing gives the very same spec', () => {
  expect(setTrainable(seed, 'decoder', true)).toBe(seed);
});

test('a layer released inside a frozen model trains, and nothing else in it does', () => {
  const spec = setTrainable(setTrainable(seed, 'decoder', false), 'decoder/conv2d_transpose', true);
  expect(node(spec, 'autoencoder/decoder/conv2d_transpose').trainableParams).toBe(160);
  expect(node(spec, 'autoencoder/decoder').trainableParams).toBe(160);
  const outer = setTrainable(setTrainable(seed, 'autoencoder', false), 'encoder/conv2d', true);
  expect(node(outer, 'autoencoder').trainableParams).toBe(160);
});

test('the models to show are those inside no other, the main one first', () => {
  expect(outermostModels(seed)).toEqual(['autoencoder']);
  expect(outermostModels(tangled)).toEqual(['tangled', 'other']);
});
