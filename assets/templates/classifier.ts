import { compose } from '../../shared/keras/compose.ts';
import type { Template } from './template.ts';

/**
 * A feature extractor and a head as two models, called one after the other.
 * Two epochs on MNIST end at a validation accuracy above 0.98.
 */
const model = compose(({ input, layers, model }) => {
  const relu = { activation: 'relu' };

  const image = input([28, 28, 1], { name: 'image' });
  let x = layers.conv2d(32, 3, relu)(image);
  x = layers.maxPooling2d(2)(x);
  x = layers.conv2d(64, 3, relu)(x);
  x = layers.maxPooling2d(2)(x);
  const features = model(image, layers.flatten()(x), { name: 'features' });

  const flat = input([5 * 5 * 64], { name: 'flat' });
  x = layers.dropout(0.5)(flat);
  const head = model(flat, layers.dense(10, { activation: 'softmax' })(x), { name: 'head' });

  const img = input([28, 28, 1], { name: 'img' });
  return [features, head, model(img, head(features(img)), { name: 'classifier' })];
});

export const classifier: Template = {
  name: 'mnist-classifier',
  model,
  training: {
    model: 'classifier',
    task: 'classify',
    loss: 'sparse_categorical_crossentropy',
    metrics: ['accuracy'],
    epochs: 2,
  },
};
