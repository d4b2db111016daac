import { expect, test } from 'vitest';
import { classSampleWeights } from '../../../shared/keras/class-weight.ts';
import { compose } from '../../../shared/keras/compose.ts';
import { compileModel } from '../../../shared/program/step.ts';
import { tensor, type TensorData } from '../../../shared/program/tensor.ts';

const weights = { '0': 0.5, '2': 3, '-1': 7 };
const of = (target: TensorData) => Array.from(classSampleWeights(target, weights).data);

test('each sample has the weight of its class, which its target says', () => {
  expect(of(tensor([0, 1, 2, 0], [4], 'int32'))).toEqual([0.5, 1, 3, 0.5]);
  expect(of(tensor([2, -1, 0.5, 1.5], [4, 1]))).toEqual([3, 7, 0.5, 3]);
  expect(of(tensor([0, 0, 1, 0.4, 0.4, 0.2, 0, 1, 0], [3, 3]))).toEqual([3, 0.5, 1]);
  expect(() => of(tensor([1, 2, 3, 4], [1, 2, 2]))).toThrow(
    'class_weight: expected a target of one class a sample; got the shape (1, 2, 2)',
  );
});

test('they count in training and not in validation', () => {
  const spec = compose(({ input, layers, model }) => {
    const x = input([2], { name: 'x' });
    return model(x, layers.dense(3, { activation: 'softmax' })(x), { name: 'm' });
  });
  const settings = {
    optimizer: { class_name: 'SGD', config: {} },
    loss: 'sparse_categorical_crossentropy',
    class_weight: weights,
  };
  const { train, evaluate, targets } = compileModel(spec, 'm', settings);
  expect(targets[0]!.sampleWeight).toEqual({ name: 'sample_weight/0', shape: [null] });
  const feeds = (program: typeof train) =>
    program.nodes.flatMap((node) => (node.op === 'feed' ? [node.attrs.name] : []));
  expect(feeds(train)).toContain('sample_weight/0');
  expect(feeds(evaluate)).not.toContain('sample_weight/0');
});

test('a model with several outputs is refused, as in Keras', () => {
  const spec = compose(({ input, layers, model }) => {
    const x = input([2], { name: 'x' });
    return model(x, [layers.dense(1)(x), layers.dense(1)(x)], { name: 'm' });
  });
  const settings = { optimizer: { class_name: 'SGD', config: {} }, loss: 'mse' };
  expect(() => compileModel(spec, 'm', { ...settings, class_weight: weights })).toThrow(
    'class_weight: only a model with a single output can have it; m has 2',
  );
});
