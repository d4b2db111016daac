import { describe, expect, it } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { layerTree, type TreeNode } from '../../../shared/keras/tree.ts';
import { seedModels } from '../../support/seed.ts';

const flat = (nodes: readonly TreeNode[]): TreeNode[] =>
  nodes.flatMap((node) => [node, ...flat(node.children ?? [])]);

const at = (spec: ModelSpec, path: string) =>
  flat(layerTree(spec)).find((node) => node.path === path)!;

function frozen(spec: ModelSpec, ...layers: string[]): ModelSpec {
  const changed = layers.map((id) => {
    const layer = spec.layers[id]!;
    return [id, { ...layer, config: { ...layer.config, trainable: false } }];
  });
  return { ...spec, layers: { ...spec.layers, ...Object.fromEntries(changed) } };
}

describe("the seed's tree", () => {
  it('holds every layer at every path, with shapes and exact parameters', () => {
    const nodes = flat(layerTree(seedModels));
    expect(nodes).toHaveLength(8 + 8 + 1 + 1 + 8 + 8);
    expect(at(seedModels, 'autoencoder')).toMatchObject({
      params: 28_241,
      outputShapes: [[null, 28, 28, 1]],
    });
    expect(at(seedModels, 'autoencoder/encoder')).toMatchObject({
      params: 18_672,
      outputShapes: [[null, 16]],
    });
    expect(at(seedModels, 'autoencoder/decoder/conv2d_transpose_3')).toMatchObject({
      params: 145,
      className: 'Conv2DTranspose',
      outputShapes: [[null, 28, 28, 1]],
      children: null,
    });
  });

  it('names all the paths of what is shared', () => {
    expect(at(seedModels, 'encoder/conv2d').paths).toEqual([
      'encoder/conv2d',
      'autoencoder/encoder/conv2d',
    ]);
    expect(at(seedModels, 'autoencoder/img').paths).toEqual(['autoencoder/img']);
  });

  it('says what is frozen, in part or whole', () => {
    const part = frozen(seedModels, 'encoder/conv2d_2');
    expect(at(part, 'autoencoder/encoder/conv2d_2')).toMatchObject({
      trainable: false,
      trainableParams: 0,
    });
    expect(at(part, 'autoencoder/encoder')).toMatchObject({
      trainable: 'mixed',
      trainableParams: 18_672 - 9_248,
    });
    expect(at(part, 'autoencoder/decoder').trainable).toBe(true);
    expect(at(part, 'autoencoder').trainable).toBe('mixed');
    const whole = frozen(seedModels, 'encoder');
    expect(at(whole, 'autoencoder/encoder')).toMatchObject({
      trainable: false,
      trainableParams: 0,
    });
  });
});

it('counts the calls of a layer and keeps one row for it', () => {
  const spec = compose(({ input, layers, model }) => {
    const x = input([4], { name: 'x' });
    const d = layers.dense(4, { name: 'd' });
    return model(x, d(d(d(x))), { name: 'm' });
  });
  const [root] = layerTree(spec);
  expect(root!.params).toBe(20);
  expect(root!.children!.map(({ name, calls }) => [name, calls])).toEqual([
    ['x', 1],
    ['d', 3],
  ]);
});

it('shows a layer that can not take its input, without a shape', () => {
  const broken: ModelSpec = {
    ...seedModels,
    layers: {
      ...seedModels.layers,
      'encoder/conv2d_1': {
        class_name: 'Conv2D',
        config: { name: 'conv2d_1', filters: 4, kernel_size: [40, 40] },
      },
    },
  };
  expect(at(broken, 'encoder/conv2d').outputShapes).toEqual([[null, 26, 26, 16]]);
  expect(at(broken, 'encoder/conv2d_1').outputShapes).toBeNull();
  expect(at(broken, 'encoder').outputShapes).toBeNull();
});
