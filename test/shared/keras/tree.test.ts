import { describe, expect, it } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { setTrainable } from '../../../shared/keras/trainable.ts';
import { layerTree, type TreeNode } from '../../../shared/keras/tree.ts';
import { readGolden } from '../../support/goldens.ts';
import { seedModels } from '../../support/seed.ts';

const golden = (stem: string) => fromKerasConfig(readGolden(`summaries/${stem}.model`));

function flat(node: TreeNode): TreeNode[] {
  return [node, ...(node.children ?? []).flatMap(flat)];
}

function byPath(spec: ModelSpec): Record<string, TreeNode> {
  return Object.fromEntries(
    layerTree(spec)
      .flatMap(flat)
      .map((node) => [node.path, node]),
  );
}

describe("the seed's tree", () => {
  const nodes = byPath(seedModels);

  it('holds every layer at every path, in Keras order', () => {
    expect(layerTree(seedModels).map(({ name }) => name)).toEqual([
      'encoder',
      'decoder',
      'autoencoder',
    ]);
    expect(nodes['autoencoder']!.children!.map(({ name }) => name)).toEqual([
      'img',
      'encoder',
      'decoder',
    ]);
    expect(nodes['autoencoder/encoder']!.children).toHaveLength(7);
  });

  it('knows parameters and shapes', () => {
    expect(nodes['autoencoder']).toMatchObject({
      params: 28_241,
      trainableParams: 28_241,
      trainable: true,
      outputShapes: [[null, 28, 28, 1]],
      calls: 0,
    });
    expect(nodes['autoencoder/encoder']).toMatchObject({ params: 18_672, calls: 1 });
    expect(nodes['autoencoder/encoder/conv2d_2']).toMatchObject({
      className: 'Conv2D',
      params: 9_248,
      outputShapes: [[null, 6, 6, 32]],
      children: null,
    });
  });

  it('names all paths of a shared layer', () => {
    expect(nodes['encoder/conv2d']!.paths).toEqual([
      'encoder/conv2d',
      'autoencoder/encoder/conv2d',
    ]);
    expect(nodes['autoencoder/img']!.paths).toEqual(['autoencoder/img']);
  });
});

describe('a tree', () => {
  it('counts a layer that two submodels share once', () => {
    const nodes = byPath(golden('c-sharing'));
    expect(nodes['sharing']!.params).toBe(73);
    expect(nodes['sharing/one']!.params).toBe(55);
    expect(nodes['sharing/two/shared']!.paths).toEqual([
      'sharing/one/shared',
      'sharing/two/shared',
    ]);
  });

  it('says how often a model is called', () => {
    expect(byPath(golden('b-siamese'))['siamese/branch']!.calls).toBe(2);
  });

  it('tells frozen, trained and mixed models apart', () => {
    const nodes = byPath(golden('h-partial'));
    expect(nodes['outer']).toMatchObject({ trainable: 'mixed', params: 47, trainableParams: 32 });
    expect(nodes['outer/middle/inner']).toMatchObject({ trainable: false, trainableParams: 0 });
    expect(nodes['outer/k3']).toMatchObject({ trainable: true });
  });

  it('takes what is inside a frozen model as frozen, whatever it says itself', () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([3], { name: 'x' });
      const inner = model(x, layers.dense(2, { name: 'd' })(x), { name: 'm', trainable: false });
      const y = input([3], { name: 'y' });
      return model(y, layers.dense(1, { name: 'e' })(inner(y)), { name: 'outer' });
    });
    const nodes = byPath(spec);
    expect(nodes['outer/m/d']).toMatchObject({ trainable: false, trainableParams: 0, params: 8 });
    expect(nodes['outer']).toMatchObject({ trainable: 'mixed', trainableParams: 3 });
  });

  it('keeps moving averages apart from what is trained', () => {
    const nodes = byPath(golden('g-toy-resnet'));
    expect(nodes['toy_resnet']).toMatchObject({ params: 3853, trainableParams: 3789 });
    expect(nodes['toy_resnet/b2_bn1']).toMatchObject({ params: 32, trainableParams: 16 });
    expect(nodes['toy_resnet/b2_bn1']!.trainable).toBe(true);
  });

  it('leaves shapes out from an invalid call on, and nothing else', () => {
    const conv = seedModels.layers['encoder/conv2d_2']!;
    const broken: ModelSpec = {
      ...seedModels,
      layers: {
        ...seedModels.layers,
        'encoder/conv2d_2': { ...conv, config: { ...conv.config, kernel_size: 99 } },
      },
    };
    const nodes = byPath(broken);
    expect(nodes['encoder/max_pooling2d']!.outputShapes).toEqual([[null, 8, 8, 32]]);
    expect(nodes['encoder/conv2d_2']!.outputShapes).toBeNull();
    expect(nodes['encoder/conv2d_3']!.outputShapes).toBeNull();
    expect(nodes['encoder/conv2d_1']!.params).toBe(4640);
    expect(nodes['autoencoder/encoder']!.outputShapes).toBeNull();
    expect(nodes['decoder']!.outputShapes).toEqual([[null, 28, 28, 1]]);
  });
});

describe('a wrapper', () => {
  const spec = compose(({ input, layers, model }) => {
    const x = input([4], { name: 'x' });
    const step = model(x, layers.dense(3, { name: 'own' })(x), { name: 'step' });
    const steps = input([5, 4], { name: 'steps' });
    const each = layers.timeDistributed(step, { name: 'each' })(steps);
    const both = layers.bidirectional(layers.lstm(2, { name: 'lstm' }), { name: 'both' });
    return model(steps, both(each), { name: 'film' });
  });

  it('unfolds to what it wraps, at the paths that lead there', () => {
    const nodes = byPath(spec);
    expect(Object.keys(nodes)).toEqual([
      ...['film', 'film/steps', 'film/each', 'film/each/step', 'film/each/step/x'],
      ...['film/each/step/own', 'film/both', 'film/both/forward_lstm', 'film/both/backward_lstm'],
    ]);
    expect(nodes['film/each']).toMatchObject({ params: 15, outputShapes: [[null, 5, 3]] });
    expect(nodes['film/each/step']).toMatchObject({ params: 15, outputShapes: [[null, 3]] });
    expect(nodes['film/each/step/own']).toMatchObject({ params: 15, trainable: true });
    expect(nodes['film/both']).toMatchObject({ params: 96 });
    expect(nodes['film/both/backward_lstm']).toMatchObject({
      params: 48,
      outputShapes: [[null, 2]],
      children: null,
    });
  });

  it('is mixed where a part inside is frozen', () => {
    const nodes = byPath(setTrainable(spec, 'film/both/forward_lstm', false));
    expect(nodes['film/both']).toMatchObject({ trainable: 'mixed', trainableParams: 48 });
    expect(nodes['film']!.trainable).toBe('mixed');
  });
});
