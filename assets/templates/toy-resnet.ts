import { compose } from '../../shared/keras/compose.ts';
import type { Template } from './template.ts';

/**
 * The toy ResNet of Keras's functional guide, for digits: each residual block is a model of its own.
 * One epoch on MNIST ends at a validation accuracy above 0.95.
 */
const model = compose(({ input, layers, model }) => {
  const relu = { activation: 'relu' };

  const block = (name: string) => {
    const start = input([8, 8, 32], { name: `${name}_in` });
    let x = layers.conv2d(32, 3, { ...relu, padding: 'same' })(start);
    x = layers.conv2d(32, 3, { ...relu, padding: 'same' })(x);
    return model(start, layers.add()([x, start]), { name });
  };

  const image = input([28, 28, 1], { name: 'image' });
  let x = layers.conv2d(16, 3, relu)(image);
  x = layers.conv2d(32, 3, relu)(x);
  x = layers.maxPooling2d(3)(x);
  const stem = model(image, x, { name: 'stem' });
  const [first, second] = [block('block_1'), block('block_2')];

  const img = input([28, 28, 1], { name: 'img' });
  x = second(first(stem(img)));
  x = layers.conv2d(32, 3, relu)(x);
  x = layers.globalAveragePooling2d()(x);
  x = layers.dense(128, relu)(x);
  x = layers.dropout(0.5)(x);
  const digit = layers.dense(10, { activation: 'softmax', name: 'digit' })(x);
  return [stem, first, second, model(img, digit, { name: 'toy_resnet' })];
});

export const toyResnet: Template = {
  name: 'mnist-toy-resnet',
  model,
  training: {
    model: 'toy_resnet',
    task: 'classify',
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
    epochs: 1,
    batch_size: 64,
  },
};
