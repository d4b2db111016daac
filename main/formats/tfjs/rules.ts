import type { Json } from '../../../shared/keras/spec.ts';

/** How a class of layers is written for tfjs-layers. */
export interface Rule {
  /** tfjs's class, where it has another name. */
  readonly className?: string;
  /** The keys that tfjs reads; a pair where it has another name for a key: [Keras's, tfjs's]. */
  readonly keys: readonly (string | readonly [string, string])[];
  /** The keys that tfjs ignores or takes otherwise, with the only value that means the same there. */
  readonly fixed?: Readonly<Record<string, Json>>;
  /** The values that tfjs does not have, by key. */
  readonly refused?: Readonly<Record<string, readonly Json[]>>;
  /** What `axis` must be, and how it is written: tfjs knows only the last one, or miscounts negative ones. */
  readonly axis?: 'last' | 'positive';
  /** tfjs's names of variables that it calls otherwise. */
  readonly weights?: Readonly<Record<string, string>>;
}

const window = ['strides', 'padding', 'data_format'];
const filter = ['kernel_size', 'dilation_rate', ...window];
const part = (name: string) => [`${name}_initializer`, `${name}_regularizer`, `${name}_constraint`];
const weighted = ['use_bias', 'activation', 'activity_regularizer', ...part('bias')];
const scaled = ['epsilon', 'center', 'scale', ...part('beta'), ...part('gamma')];
const ungrouped = { groups: 1 };
const flat = { keys: ['data_format'], fixed: { keepdims: false } };
const pool = { keys: ['pool_size', ...window] };
const none = { keys: [] };
const convolution = {
  keys: ['filters', ...filter, ...weighted, ...part('kernel')],
  fixed: ungrouped,
};

/**
 * The classes that mean the same in tfjs-layers 4.22 and in Keras 3, measured with Keras's own numbers. tfjs has more
 * classes; those compute something else there (strided Conv3D), or their files don't load.
 */
export const rules: Readonly<Record<string, Rule>> = {
  Dense: { keys: ['units', ...weighted, ...part('kernel')] },
  Conv1D: { ...convolution, refused: { padding: ['causal'] } },
  Conv2D: convolution,
  Conv2DTranspose: {
    keys: ['filters', 'kernel_size', ...window, ...weighted, ...part('kernel')],
    fixed: { output_padding: null, dilation_rate: [1, 1] },
  },
  DepthwiseConv2D: {
    keys: ['depth_multiplier', ...filter, ...weighted, ...part('depthwise')],
    fixed: { dilation_rate: [1, 1] },
    weights: { kernel: 'depthwise_kernel' },
  },
  SeparableConv2D: {
    keys: [
      'filters',
      'depth_multiplier',
      ...filter,
      ...weighted,
      ...part('depthwise'),
      ...part('pointwise'),
    ],
    fixed: { dilation_rate: [1, 1] },
  },
  MaxPooling1D: pool,
  MaxPooling2D: pool,
  MaxPooling3D: pool,
  AveragePooling1D: pool,
  AveragePooling2D: pool,
  GlobalMaxPooling1D: flat,
  GlobalMaxPooling2D: flat,
  GlobalAveragePooling1D: flat,
  GlobalAveragePooling2D: flat,
  UpSampling2D: { keys: ['size', 'data_format'], fixed: { interpolation: 'nearest' } },
  ZeroPadding2D: { keys: ['padding', 'data_format'] },
  Cropping2D: { keys: ['cropping', 'data_format'] },
  Reshape: { keys: ['target_shape'] },
  Permute: { keys: ['dims'] },
  RepeatVector: { keys: ['n'] },
  Flatten: { keys: ['data_format'] },
  Identity: { className: 'Activation', keys: [] },
  Activation: { keys: ['activation'] },
  ReLU: { keys: ['max_value'], fixed: { negative_slope: 0, threshold: 0 } },
  LeakyReLU: { keys: [['negative_slope', 'alpha']] },
  PReLU: { keys: ['shared_axes', ...part('alpha')] },
  ELU: { keys: ['alpha'], fixed: { alpha: 1 } },
  Softmax: { keys: ['axis'], axis: 'last' },
  BatchNormalization: {
    keys: ['axis', 'momentum', ...scaled, ...part('moving_mean'), ...part('moving_variance')],
    axis: 'last',
  },
  LayerNormalization: { keys: ['axis', ...scaled] },
  Rescaling: { keys: ['scale', 'offset'] },
  Embedding: {
    keys: ['input_dim', 'output_dim', ...part('embeddings')],
    fixed: { mask_zero: false },
  },
  Dropout: { keys: ['rate'] },
  GaussianDropout: { keys: ['rate'] },
  GaussianNoise: { keys: ['stddev'] },
  AlphaDropout: { keys: ['rate'] },
  SpatialDropout1D: { keys: ['rate'] },
  Add: none,
  Multiply: none,
  Average: none,
  Maximum: none,
  Minimum: none,
  Concatenate: { keys: ['axis'], axis: 'positive' },
};

/** The activations that mean the same, by Keras's names. */
export const activations: Readonly<Record<string, string>> = {
  linear: 'linear',
  relu: 'relu',
  relu6: 'relu6',
  elu: 'elu',
  selu: 'selu',
  sigmoid: 'sigmoid',
  tanh: 'tanh',
  softmax: 'softmax',
  log_softmax: 'logSoftmax',
  softplus: 'softplus',
  softsign: 'softsign',
  silu: 'swish',
  swish: 'swish',
  gelu: 'gelu',
  mish: 'mish',
};
