import { describe, expect, it } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { setTrainable } from '../../../shared/keras/trainable.ts';
import { layerTree, type TreeNode } from '../../../shared/keras/tree.ts';
import type { JsonObject, ModelSpec } from '../../../shared/keras/spec.ts';
import {
  compileModel,
  freshSlots,
  initialValues,
  LEARNING_RATE,
  type CompiledModel,
} from '../../../shared/program/step.ts';
import { scalar, tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';

const spec = compose(({ input, layers, model }) => {
  const shared = layers.dense(2, { name: 'shared' });
  const part = (name: string) => {
    const x = input([2], { name: 'x' });
    const own = layers.dense(2, { name: 'own' })(shared(x));
    return model(x, layers.batchNormalization({ name: 'norm' })(own), { name });
  };
  const [a, b] = [part('a'), part('b')];
  const x = input([2], { name: 'x' });
  return model(x, layers.dense(1, { name: 'head' })(b(a(x))), { name: 'm' });
});

const compiled = (spec: ModelSpec, optimizer = 'Adam', config: JsonObject = {}) =>
  compileModel(spec, 'm', { optimizer: { class_name: optimizer, config }, loss: 'mse' });

const feeds: NamedTensors = {
  x: tensor([1, 2, -1, 0.5, 3, -2], [3, 2]),
  'target/0': tensor([1, 0, -1], [3, 1]),
  [LEARNING_RATE]: scalar(0.01),
};

/** Some steps on one batch; values after the last. */
function train(model: CompiledModel, start: NamedTensors, steps: number): NamedTensors {
  let values = start;
  for (let i = 0; i < steps; i++) {
    const { updates } = interpret(model.train, values, feeds);
    values = { ...values, ...(updates as unknown as NamedTensors) };
  }
  return values;
}

const trainedKeys = ({ variables }: CompiledModel) =>
  variables.filter(({ trainable }) => trainable).map(({ key }) => key);

const find = (nodes: readonly TreeNode[], path: string): TreeNode | undefined =>
  nodes.flatMap((node) =>
    node.path === path ? [node] : (find(node.children ?? [], path) ?? []),
  )[0];

describe('setTrainable', () => {
  it('freezes a model with all inside, a shared layer at all its paths', () => {
    const frozen = setTrainable(spec, 'm/a', false);
    expect(trainedKeys(compiled(frozen))).toEqual([
      'm/b/own/kernel',
      'm/b/own/bias',
      'm/b/norm/gamma',
      'm/b/norm/beta',
      'm/head/kernel',
      'm/head/bias',
    ]);
    const tree = layerTree(frozen);
    expect(find(tree, 'm')!.trainable).toBe('mixed');
    expect(find(tree, 'm/a')!.trainable).toBe(false);
    expect(find(tree, 'm/b')!.trainable).toBe('mixed');
    expect(find(tree, 'm/b/shared')!.trainable).toBe(false);
  });

  it('sets free again, and leaves the spec as it was', () => {
    expect(setTrainable(setTrainable(spec, 'm', false), 'm', true)).toEqual(spec);
    expect(trainedKeys(compiled(setTrainable(spec, 'm', false)))).toEqual([]);
  });

  it('sets free inside a frozen model: what is above it too, and nothing else in it', () => {
    const released = setTrainable(setTrainable(spec, 'm/a', false), 'm/a/own', true);
    expect(trainedKeys(compiled(released)).filter((key) => key.startsWith('m/a'))).toEqual([
      'm/a/own/kernel',
      'm/a/own/bias',
    ]);
    const deep = setTrainable(setTrainable(spec, 'm', false), 'm/b/own', true);
    expect(trainedKeys(compiled(deep))).toEqual(['m/b/own/kernel', 'm/b/own/bias']);
  });

  it('leaves free what a frozen model shares with a free one', () => {
    const { layers } = setTrainable(spec, 'm/a/own', false);
    // As a file may say it: the model is frozen, what is inside is not.
    const a = { ...layers['m/a']!, config: { ...layers['m/a']!.config, trainable: false } };
    const frozen = { ...spec, layers: { ...layers, 'm/a': a } };
    expect(trainedKeys(compiled(frozen))).toContain('m/a/shared/kernel');
    const released = setTrainable(frozen, 'm/a/own', true);
    expect(trainedKeys(compiled(released))).toEqual(
      trainedKeys(compiled(spec)).filter((key) => !key.startsWith('m/a/norm')),
    );
  });

  it('freezes what a wrapper wraps', () => {
    const wrapped = compose(({ input, layers, model }) => {
      const x = input([2], { name: 'x' });
      const step = model(x, layers.dense(2, { name: 'own' })(x), { name: 'step' });
      const steps = input([3, 2], { name: 'steps' });
      return model(steps, layers.timeDistributed(step, { name: 'each' })(steps), { name: 'm' });
    });
    const one = setTrainable(wrapped, 'm/each', false);
    expect(trainedKeys(compiled(one))).toEqual([]);
    const released = compiled(setTrainable(one, 'm/each/step/own', true));
    expect(trainedKeys(released)).toEqual(['m/each/step/own/kernel', 'm/each/step/own/bias']);
  });

  it('gives the same spec where nothing changes', () => {
    expect(setTrainable(spec, 'm/a', true)).toBe(spec);
  });

  it('does not change the spec that it is given', () => {
    const before = JSON.stringify(spec);
    setTrainable(spec, 'm/a', false);
    expect(JSON.stringify(spec)).toBe(before);
  });

  it('refuses a path that is not there', () => {
    expect(() => setTrainable(spec, 'm/c', false)).toThrow('m/c: m has no c; it has x, a, b, head');
  });
});

describe('changed in mid-run', () => {
  it.each(['Adam', 'Nadam', 'RMSprop', 'Adadelta', 'Ftrl'])(
    '%s goes on for the others as if nothing had happened, and the frozen stay',
    (optimizer) => {
      const all = compiled(spec, optimizer);
      const before = train(all, initialValues(all, 3), 3);
      // The head alone is frozen, so that the gradients of the others stay what they are.
      const frozen = compiled(setTrainable(spec, 'm/head', false), optimizer);
      const head = frozen.variables.filter(({ layer }) => layer === 'm/head');
      const next = train(frozen, before, 1);
      const without = train(all, before, 1);
      for (const key of Object.keys(without)) {
        const expected = head.some((one) => key.includes(one.key)) ? before[key] : without[key];
        expect(Array.from(next[key]!.data), key).toEqual(Array.from(expected!.data));
      }
      expect(next['optimizer/iteration']!.data[0]).toBe(4);
    },
  );

  it('has fresh tensors of the optimizer for what was never trained', () => {
    const frozen = compiled(setTrainable(spec, 'm/head', false));
    const before = train(frozen, initialValues(frozen, 3), 2);
    const all = compiled(spec);
    const after = train(all, { ...freshSlots(all.slots), ...before }, 1);
    expect(after['m/head/kernel']).not.toEqual(before['m/head/kernel']);
    expect(Object.keys(after).sort()).toEqual(Object.keys(initialValues(all, 3)).sort());
  });
});

describe('frozen BatchNormalization', () => {
  it('uses its averages in training, and does not move them', () => {
    const model = compiled(setTrainable(spec, 'm/a/norm', false), 'SGD', { learning_rate: 0 });
    const values: NamedTensors = {
      ...initialValues(model, 0),
      'm/a/norm/moving_mean': tensor([3, -4], [2]),
      'm/a/norm/moving_variance': tensor([2, 0.5], [2]),
    };
    const { updates } = interpret(model.train, values, feeds);
    expect(Object.keys(updates)).not.toContain('m/a/norm/moving_mean');
    expect(Object.keys(updates)).toContain('m/b/norm/moving_mean');
    const changed = { ...values, 'm/a/norm/moving_mean': tensor([5, 5], [2]) };
    const loss = (values: NamedTensors) =>
      interpret(model.train, values, feeds).outputs['loss']!.data[0];
    expect(loss(changed)).not.toBe(loss(values));
  });

  it('inside a frozen model too', () => {
    const model = compiled(setTrainable(spec, 'm/a', false));
    expect(Object.keys(model.train.updates).filter((key) => key.includes('moving'))).toEqual([
      'm/b/norm/moving_mean',
      'm/b/norm/moving_variance',
    ]);
  });
});
