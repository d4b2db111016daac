import type { LayerFunction, SymbolicTensor } from './compose.ts';
import { SpecError, type Json } from './spec.ts';

/**
 * A function a class: Keras's class, and the names of its positional arguments in Keras's order; those with `?` can be
 * left out. What stands after them in Keras is given by name, as in `dense(4, { activation: 'relu' })`.
 */
const signatures = {
  dense: ['Dense', 'units', 'activation?', 'use_bias?'],
  einsumDense: ['EinsumDense', 'equation', 'output_shape', 'activation?', 'bias_axes?'],
  embedding: ['Embedding', 'input_dim', 'output_dim'],
  identity: ['Identity'],
  masking: ['Masking', 'mask_value?'],

  activation: ['Activation', 'activation'],
  relu: ['ReLU', 'max_value?', 'negative_slope?', 'threshold?'],
  leakyRelu: ['LeakyReLU', 'negative_slope?'],
  prelu: ['PReLU'],
  elu: ['ELU', 'alpha?'],
  softmax: ['Softmax', 'axis?'],

  conv1d: ['Conv1D', 'filters', 'kernel_size', 'strides?', 'padding?'],
  conv2d: ['Conv2D', 'filters', 'kernel_size', 'strides?', 'padding?'],
  conv3d: ['Conv3D', 'filters', 'kernel_size', 'strides?', 'padding?'],
  conv1dTranspose: ['Conv1DTranspose', 'filters', 'kernel_size', 'strides?', 'padding?'],
  conv2dTranspose: ['Conv2DTranspose', 'filters', 'kernel_size', 'strides?', 'padding?'],
  depthwiseConv1d: ['DepthwiseConv1D', 'kernel_size', 'strides?', 'padding?', 'depth_multiplier?'],
  depthwiseConv2d: ['DepthwiseConv2D', 'kernel_size', 'strides?', 'padding?', 'depth_multiplier?'],
  separableConv1d: ['SeparableConv1D', 'filters', 'kernel_size', 'strides?', 'padding?'],
  separableConv2d: ['SeparableConv2D', 'filters', 'kernel_size', 'strides?', 'padding?'],

  maxPooling1d: ['MaxPooling1D', 'pool_size?', 'strides?', 'padding?'],
  maxPooling2d: ['MaxPooling2D', 'pool_size?', 'strides?', 'padding?'],
  maxPooling3d: ['MaxPooling3D', 'pool_size?', 'strides?', 'padding?'],
  averagePooling1d: ['AveragePooling1D', 'pool_size?', 'strides?', 'padding?'],
  averagePooling2d: ['AveragePooling2D', 'pool_size?', 'strides?', 'padding?'],
  averagePooling3d: ['AveragePooling3D', 'pool_size?', 'strides?', 'padding?'],
  globalMaxPooling1d: ['GlobalMaxPooling1D'],
  globalMaxPooling2d: ['GlobalMaxPooling2D'],
  globalMaxPooling3d: ['GlobalMaxPooling3D'],
  globalAveragePooling1d: ['GlobalAveragePooling1D'],
  globalAveragePooling2d: ['GlobalAveragePooling2D'],
  globalAveragePooling3d: ['GlobalAveragePooling3D'],

  upSampling1d: ['UpSampling1D', 'size?'],
  upSampling2d: ['UpSampling2D', 'size?'],
  upSampling3d: ['UpSampling3D', 'size?'],
  zeroPadding1d: ['ZeroPadding1D', 'padding?'],
  zeroPadding2d: ['ZeroPadding2D', 'padding?'],
  zeroPadding3d: ['ZeroPadding3D', 'padding?'],
  cropping1d: ['Cropping1D', 'cropping?'],
  cropping2d: ['Cropping2D', 'cropping?'],
  cropping3d: ['Cropping3D', 'cropping?'],
  reshape: ['Reshape', 'target_shape'],
  flatten: ['Flatten'],
  permute: ['Permute', 'dims'],
  repeatVector: ['RepeatVector', 'n'],

  add: ['Add'],
  subtract: ['Subtract'],
  multiply: ['Multiply'],
  average: ['Average'],
  maximum: ['Maximum'],
  minimum: ['Minimum'],
  concatenate: ['Concatenate', 'axis?'],
  dot: ['Dot', 'axes', 'normalize?'],

  batchNormalization: ['BatchNormalization', 'axis?', 'momentum?', 'epsilon?'],
  layerNormalization: ['LayerNormalization', 'axis?', 'epsilon?'],
  groupNormalization: ['GroupNormalization', 'groups?', 'axis?', 'epsilon?'],
  unitNormalization: ['UnitNormalization', 'axis?'],
  rmsNormalization: ['RMSNormalization', 'axis?', 'epsilon?'],
  normalization: ['Normalization', 'axis?', 'mean?', 'variance?', 'invert?'],
  rescaling: ['Rescaling', 'scale', 'offset?'],

  dropout: ['Dropout', 'rate', 'noise_shape?', 'seed?'],
  spatialDropout1d: ['SpatialDropout1D', 'rate', 'seed?'],
  spatialDropout2d: ['SpatialDropout2D', 'rate'],
  spatialDropout3d: ['SpatialDropout3D', 'rate'],
  alphaDropout: ['AlphaDropout', 'rate', 'noise_shape?', 'seed?'],
  gaussianNoise: ['GaussianNoise', 'stddev', 'seed?'],
  gaussianDropout: ['GaussianDropout', 'rate', 'seed?'],
  activityRegularization: ['ActivityRegularization', 'l1?', 'l2?'],

  randomFlip: ['RandomFlip', 'mode?', 'seed?'],
  randomRotation: ['RandomRotation', 'factor', 'fill_mode?', 'interpolation?', 'seed?'],
  randomZoom: ['RandomZoom', 'height_factor', 'width_factor?', 'fill_mode?', 'interpolation?'],
  randomTranslation: ['RandomTranslation', 'height_factor', 'width_factor', 'fill_mode?'],
  randomContrast: ['RandomContrast', 'factor', 'value_range?', 'seed?'],
  randomBrightness: ['RandomBrightness', 'factor', 'value_range?', 'seed?'],

  simpleRnn: ['SimpleRNN', 'units', 'activation?', 'use_bias?'],
  lstm: ['LSTM', 'units', 'activation?', 'recurrent_activation?', 'use_bias?'],
  gru: ['GRU', 'units', 'activation?', 'recurrent_activation?', 'use_bias?'],
  bidirectional: ['Bidirectional', 'layer', 'merge_mode?'],
  timeDistributed: ['TimeDistributed', 'layer'],
  multiHeadAttention: ['MultiHeadAttention', 'num_heads', 'key_dim', 'value_dim?', 'dropout?'],
  attention: ['Attention', 'use_scale?', 'score_mode?', 'dropout?'],
  additiveAttention: ['AdditiveAttention', 'use_scale?', 'dropout?'],
} as const satisfies Record<string, readonly [className: string, ...names: string[]]>;

/** A size along each spatial axis, or one for all. */
type Size = number | readonly number[];

/** The types of positional arguments. */
interface ArgumentTypes {
  units: number;
  filters: number;
  rate: number;
  n: number;
  num_heads: number;
  key_dim: number;
  input_dim: number;
  output_dim: number;
  stddev: number;
  kernel_size: Size;
  pool_size: Size;
  size: Size;
  strides: Size;
  target_shape: readonly number[];
  dims: readonly number[];
  activation: string | null;
  layer: LayerFunction<unknown>;
}

type TypeOf<Name> = Name extends keyof ArgumentTypes ? ArgumentTypes[Name] : Json;

/** Every number of positional arguments that the names allow, in order. */
type Positional<Names> = Names extends readonly [infer First, ...infer Rest]
  ? First extends `${infer Name}?`
    ? [] | [TypeOf<Name>, ...Positional<Rest>]
    : [TypeOf<First>, ...Positional<Rest>]
  : [];

/** Keras configuration of a layer; `name` is made up when it is left out. */
export type LayerOptions = Readonly<Record<string, Json | LayerFunction<unknown>>>;

type Arguments<Signature> = Signature extends readonly [string, ...infer Names]
  ? Positional<Names> | [...Positional<Names>, LayerOptions]
  : never;

/** A list where the options ask for several outputs, else one tensor. */
type OutputsOf<Given> = Given extends readonly [
  ...unknown[],
  { readonly return_state: true } | { readonly merge_mode: null } | LayerFunction<SymbolicTensor[]>,
]
  ? SymbolicTensor[]
  : SymbolicTensor;

/** Makes layers: `dense(4)`, `conv2d(16, 3, { activation: 'relu' })`, `bidirectional(lstm(4))`. */
export type LayerMakers = {
  readonly [Name in keyof typeof signatures]: <
    const Given extends Arguments<(typeof signatures)[Name]>,
  >(
    ...given: Given
  ) => LayerFunction<OutputsOf<Given>>;
};

/** The functions of `layers`, from one that makes a layer of any class. */
export function layerMakers(
  layer: (className: string, options: LayerOptions) => LayerFunction,
): LayerMakers {
  const makers = Object.entries(signatures).map(([name, [className, ...names]]) => [
    name,
    (...given: readonly unknown[]) => layer(className, optionsOf(name, names, given)),
  ]);
  return Object.fromEntries(makers) as LayerMakers;
}

/** Positional arguments by their names, and the options after them. */
function optionsOf(
  name: string,
  names: readonly string[],
  given: readonly unknown[],
): LayerOptions {
  const last = given.at(-1);
  const named = isOptions(last);
  const values = named ? given.slice(0, -1) : given;
  const known = names.map((one) => one.replace('?', ''));
  if (values.length > names.length)
    throw new SpecError(
      `layers.${name}`,
      `takes ${names.length} arguments (${known.join(', ')}) and options; got ${values.length}`,
    );
  const required = names.filter((one) => !one.endsWith('?'));
  const options = {
    ...Object.fromEntries(values.map((value, i) => [known[i], value])),
    ...(named && last),
  };
  const missing = required.find((one) => !Object.hasOwn(options, one));
  if (missing !== undefined) throw new SpecError(`layers.${name}`, `${missing} is missing`);
  return options as LayerOptions;
}

const isOptions = (value: unknown): value is LayerOptions =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Whether an option is a layer, for those that wrap one. */
export const isLayer = (value: unknown): value is LayerFunction<unknown> =>
  typeof value === 'function' && 'layer' in value;

/** The functions' names with their classes, for tests and lists. */
export const composedClasses: ReadonlyMap<string, string> = new Map(
  Object.entries(signatures).map(([name, [className]]) => [name, className]),
);
