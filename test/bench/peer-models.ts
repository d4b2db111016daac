import { compose, type SymbolicTensor } from '../../shared/keras/compose.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import { seedModels } from '../support/seed.ts';

/** A model whose training is timed beside other libraries. */
export interface PeerModel {
  readonly spec: ModelSpec;
  readonly model: string;
  readonly loss: string;
  /** Whether it learns to give MNIST's digits back; others are trained on noise. */
  readonly digits?: true;
}

const relu = { activation: 'relu' };

/** A classifier of 10 classes by fully connected layers of these widths. */
const mlp = (inputs: number, ...widths: readonly number[]) =>
  compose(({ input, layers, model }) => {
    const x = input([inputs], { name: 'x' });
    const y = widths.reduce((y: SymbolicTensor, width) => layers.dense(width, relu)(y), x);
    return [model(x, layers.dense(10, { activation: 'softmax' })(y), { name: 'mlp' })];
  });

const cnn = compose(({ input, layer, layers, model }) => {
  const x = input([32, 32, 3], { name: 'x' });
  let y: SymbolicTensor = x;
  for (const filters of [32, 64, 128]) {
    y = layers.conv2d(filters, 3, { padding: 'same', use_bias: false })(y);
    y = layers.activation('relu')(layer('BatchNormalization')(y));
    y = layers.maxPooling2d(2)(y);
  }
  y = layers.dense(10, { activation: 'softmax' })(layers.flatten()(y));
  return [model(x, y, { name: 'cnn' })];
});

const lstm = compose(({ input, layer, layers, model }) => {
  const x = input([40, 32], { name: 'x' });
  const y = layers.dense(10, { activation: 'softmax' })(layer('LSTM', { units: 64 })(x));
  return [model(x, y, { name: 'lstm' })];
});

/** The toy ResNet of Keras's functional guide. */
const resnet = compose(({ input, layer, layers, model }) => {
  const x = input([32, 32, 3], { name: 'x' });
  let y = layers.conv2d(64, 3, relu)(layers.conv2d(32, 3, relu)(x));
  y = layers.maxPooling2d(3)(y);
  for (let block = 0; block < 2; block++) {
    const same = { ...relu, padding: 'same' };
    y = layers.add()([layers.conv2d(64, 3, same)(layers.conv2d(64, 3, same)(y)), y]);
  }
  y = layer('GlobalAveragePooling2D')(layers.conv2d(64, 3, relu)(y));
  y = layers.dropout(0.5)(layers.dense(256, relu)(y));
  return [model(x, layers.dense(10, { activation: 'softmax' })(y), { name: 'resnet' })];
});

/**
 * Convolutions of 64 to 512 channels with BatchNormalization, 10 million parameters in 11 layers: what takes long to
 * compile. PyTorch's peer does not have it.
 */
const deep = compose(({ input, layer, layers, model }) => {
  const x = input([32, 32, 3], { name: 'x' });
  let y: SymbolicTensor = x;
  for (const [i, filters] of [64, 64, 128, 128, 256, 256, 512, 512, 512, 512].entries()) {
    y = layers.conv2d(filters, 3, { padding: 'same', use_bias: false })(y);
    y = layers.activation('relu')(layer('BatchNormalization')(y));
    if (i % 2 === 1) y = layers.maxPooling2d(2)(y);
  }
  y = layers.dense(10, { activation: 'softmax' })(layers.flatten()(y));
  return [model(x, y, { name: 'deep' })];
});

const crossentropy = 'categorical_crossentropy';

const models: Readonly<Record<string, PeerModel>> = {
  seed: { spec: seedModels, model: 'autoencoder', loss: 'mse', digits: true },
  mlp: { spec: mlp(784, 512, 512), model: 'mlp', loss: crossentropy },
  cnn: { spec: cnn, model: 'cnn', loss: crossentropy },
  lstm: { spec: lstm, model: 'lstm', loss: crossentropy },
  resnet: { spec: resnet, model: 'resnet', loss: crossentropy },
  deep: { spec: deep, model: 'deep', loss: crossentropy },
};

/**
 * A model by its name here and in torch_models.py. `mlp:WIDTH` is a perceptron with one hidden layer, as wide as its
 * input: about the square of that in parameters. Throws for a name that is none.
 */
export function peerModel(name: string): PeerModel {
  const [, width] = /^mlp:(\d+)$/.exec(name) ?? [];
  if (width) return { ...models['mlp']!, spec: mlp(Number(width), Number(width)) };
  const found = models[name];
  if (!found) throw new Error(`no model "${name}"; there are ${Object.keys(models).join(', ')}`);
  return found;
}
