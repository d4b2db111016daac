import { describe, expect, test } from 'vitest';
import { writeH5 } from '../../../../main/formats/h5/h5.ts';
import { H5Builder } from '../../../../main/formats/h5/tree.ts';
import { readModelFile } from '../../../../main/formats/read.ts';
import { layerOf } from '../../../../shared/keras/spec.ts';
import { tensor } from '../../../../shared/program/tensor.ts';
import { withFile } from './with-file.ts';

const initializer = (class_name: string) => ({ class_name, config: {} });
const common = { trainable: true, dtype: 'float32' };
const bare = {
  kernel_regularizer: null,
  bias_regularizer: null,
  activity_regularizer: null,
  kernel_constraint: null,
  bias_constraint: null,
};

/** Layers as tf.keras 2.12 writes them into `model_config`. */
const layers = {
  input: (name: string, shape: (number | null)[]) => ({
    class_name: 'InputLayer',
    name,
    config: { batch_input_shape: shape, dtype: 'float32', sparse: false, ragged: false, name },
    inbound_nodes: [],
  }),
  conv: (name: string, from: unknown[]) => ({
    class_name: 'Conv2D',
    name,
    config: {
      name,
      ...common,
      filters: 2,
      kernel_size: [2, 2],
      strides: [1, 1],
      padding: 'valid',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      groups: 1,
      activation: 'relu',
      use_bias: true,
      kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
      bias_initializer: initializer('Zeros'),
      ...bare,
    },
    inbound_nodes: [[from]],
  }),
  depthwise: (name: string, from: unknown[]) => ({
    class_name: 'DepthwiseConv2D',
    name,
    config: {
      name,
      ...common,
      kernel_size: [2, 2],
      strides: [1, 1],
      padding: 'same',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      groups: 1,
      activation: 'linear',
      use_bias: false,
      bias_initializer: initializer('Zeros'),
      bias_regularizer: null,
      activity_regularizer: null,
      bias_constraint: null,
      depth_multiplier: 1,
      depthwise_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
      depthwise_regularizer: null,
      depthwise_constraint: null,
    },
    inbound_nodes: [[from]],
  }),
  norm: (name: string, from: unknown[]) => ({
    class_name: 'BatchNormalization',
    name,
    config: {
      name,
      ...common,
      axis: [3],
      momentum: 0.99,
      epsilon: 0.001,
      center: true,
      scale: true,
      beta_initializer: initializer('Zeros'),
      gamma_initializer: initializer('Ones'),
      moving_mean_initializer: initializer('Zeros'),
      moving_variance_initializer: initializer('Ones'),
      beta_regularizer: null,
      gamma_regularizer: null,
      beta_constraint: null,
      gamma_constraint: null,
    },
    inbound_nodes: [[from]],
  }),
  leaky: (name: string, from: unknown[]) => ({
    class_name: 'LeakyReLU',
    name,
    config: { name, ...common, alpha: 0.25 },
    inbound_nodes: [[from]],
  }),
};

const inner = {
  class_name: 'Functional',
  name: 'body',
  config: {
    name: 'body',
    trainable: true,
    layers: [
      layers.input('image', [null, 4, 4, 1]),
      layers.conv('conv', ['image', 0, 0, {}]),
      layers.norm('norm', ['conv', 0, 0, {}]),
      layers.leaky('leaky', ['norm', 0, 0, {}]),
      layers.depthwise('depth', ['leaky', 0, 0, {}]),
    ],
    input_layers: [['image', 0, 0]],
    output_layers: [['depth', 0, 0]],
  },
  // Keras 2 counts the calls of a model inside from 1.
  inbound_nodes: [[['left', 0, 0, {}]], [['right', 0, 0, {}]]],
};
const config = {
  class_name: 'Functional',
  config: {
    name: 'twice',
    layers: [
      layers.input('left', [null, 4, 4, 1]),
      layers.input('right', [null, 4, 4, 1]),
      inner,
      {
        class_name: 'Add',
        name: 'add',
        config: { name: 'add', ...common },
        inbound_nodes: [
          [
            ['body', 1, 0, {}],
            ['body', 2, 0, {}],
          ],
        ],
      },
    ],
    input_layers: [
      ['left', 0, 0],
      ['right', 0, 0],
    ],
    output_layers: [['add', 0, 0]],
  },
};

/** What tf.keras 2.12 saves as H5, with numbers that tell the weights apart. */
function saved(): H5Builder {
  const h5 = new H5Builder();
  h5.attribute('', 'keras_version', '2.12.0');
  h5.attribute('', 'backend', 'tensorflow');
  h5.attribute('', 'model_config', JSON.stringify(config));
  const numbers = (from: number, shape: number[]) => {
    const size = shape.reduce((a, b) => a * b, 1);
    return tensor(
      Array.from({ length: size }, (_, i) => from + i / 10),
      shape,
    );
  };
  const weights = {
    'conv/kernel:0': numbers(1, [2, 2, 1, 2]),
    'conv/bias:0': numbers(2, [2]),
    'norm/gamma:0': numbers(3, [2]),
    'norm/beta:0': numbers(4, [2]),
    'depth/depthwise_kernel:0': numbers(5, [2, 2, 2, 1]),
    'norm/moving_mean:0': numbers(6, [2]),
    'norm/moving_variance:0': numbers(7, [2]),
  };
  h5.attribute('model_weights', 'layer_names', ['left', 'right', 'body', 'add']);
  for (const name of ['left', 'right', 'add'])
    h5.attribute(`model_weights/${name}`, 'weight_names', []);
  h5.attribute('model_weights/body', 'weight_names', Object.keys(weights));
  for (const [name, value] of Object.entries(weights))
    h5.tensor(`model_weights/body/${name}`, value);
  return h5;
}

describe('an H5 file of Keras 2', () => {
  test('is read with the calls of its nested model and its weights by their order', async () => {
    const bytes = await writeH5(saved().build());
    const { spec, model, values, notes } = await withFile('two.h5', bytes, readModelFile);
    expect(notes).toEqual([]);
    expect(layerOf(spec, 'twice/add')).toBeDefined();
    expect(layerOf(spec, model).graph!.calls.at(-1)!.args).toEqual([
      [
        ['twice/body', 0, 0],
        ['twice/body', 1, 0],
      ],
    ]);
    expect(layerOf(spec, 'twice/body/leaky').config).toMatchObject({ negative_slope: 0.25 });
    const first = (key: string) => values[`twice/body/${key}`]!.data[0];
    expect([
      first('conv/kernel'),
      first('conv/bias'),
      first('norm/gamma'),
      first('norm/beta'),
      first('depth/kernel'),
      first('norm/moving_mean'),
      first('norm/moving_variance'),
    ]).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  test('may hold the list of its layers in parts', async () => {
    const h5 = saved();
    const group = h5.group('model_weights');
    delete group.attributes['layer_names'];
    group.attributes['layer_names0'] = ['left', 'right'];
    group.attributes['layer_names1'] = ['body', 'add'];
    const bytes = await writeH5(h5.build());
    const { values } = await withFile('two.h5', bytes, readModelFile);
    expect(Object.keys(values)).toHaveLength(7);
  });
});
