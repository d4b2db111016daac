import fc, { type Arbitrary } from 'fast-check';
import type { JsonObject } from '../../shared/keras/spec.ts';
import { activations } from '../../shared/keras/activations.ts';

/** A layer to make. */
export interface LayerRecipe {
  readonly class_name: string;
  readonly config: JsonObject;
}

/** Shapes are without the batch: a vector, a sequence of vectors, or an image. */
type Shape = readonly number[];

/** The most steps of a sequence, and the most numbers along a side or the channels of an image. */
const MOST = { steps: 8, side: 8, channels: 16 };

interface Family {
  readonly config: Arbitrary<JsonObject>;
  /** Whether a layer with this configuration takes such a tensor, and gives one that is still small. */
  readonly fits: (shape: Shape, config: JsonObject) => boolean;
}

const any = (): boolean => true;
const vector = ({ length }: Shape) => length === 1;
const sequence = ({ length }: Shape) => length === 2;
const image = ({ length }: Shape) => length === 3;
const small = (shape: Shape) =>
  image(shape) && shape[0]! * 2 <= MOST.side && shape[1]! * 2 <= MOST.side;
const sizeOf = (shape: Shape) => shape.reduce((product, dim) => product * dim, 1);

const nothing = fc.constant({});
const units = fc.integer({ min: 1, max: 8 });
const odds = fc.constantFrom(1, 2, 3);
const strides = fc.constantFrom(1, 2);
const rate = fc.constantFrom(0.25, 0.5);
const regularizer = fc.constantFrom(null, 'l2', 'l1');
const padding = fc.constantFrom('same', 'valid');
/** Those that do not grow without bounds, so that deep models stay in single precision's range. */
const activation = fc.constantFrom(
  ...Object.keys(activations).filter((name) => name !== 'exponential'),
);

const settings = (keys: Record<string, Arbitrary<JsonObject[string]>>): Arbitrary<JsonObject> =>
  fc.record(keys);

const recurrent: Family = {
  config: settings({ units: fc.integer({ min: 1, max: 4 }), return_sequences: fc.boolean() }),
  fits: (shape) => sequence(shape) && shape[0]! <= MOST.steps,
};
const pooling2d: Family = {
  config: settings({ pool_size: odds, strides, padding: fc.constant('same') }),
  fits: image,
};
const pooling1d: Family = {
  config: settings({ pool_size: odds, strides, padding: fc.constant('same') }),
  fits: sequence,
};
const global2d: Family = { config: settings({ keepdims: fc.boolean() }), fits: image };
const global1d: Family = { config: nothing, fits: sequence };
const random: Family = { config: settings({ rate }), fits: any };

/** Layers that take one tensor, by Keras's class. */
const families: Readonly<Record<string, Family>> = {
  Dense: {
    config: settings({
      units,
      activation,
      use_bias: fc.boolean(),
      kernel_regularizer: regularizer,
    }),
    fits: any,
  },
  Activation: { config: settings({ activation }), fits: any },
  Identity: { config: nothing, fits: any },
  LeakyReLU: { config: settings({ negative_slope: fc.constantFrom(0.1, 0.3) }), fits: any },
  PReLU: { config: nothing, fits: any },
  ELU: { config: nothing, fits: any },
  // The mask of a sequence has one number a step, which Keras does not spread over the features.
  Softmax: { config: nothing, fits: (shape) => !sequence(shape) },
  BatchNormalization: {
    config: settings({ momentum: fc.constantFrom(0.9, 0.99), scale: fc.boolean() }),
    fits: any,
  },
  LayerNormalization: { config: settings({ center: fc.boolean() }), fits: any },
  GroupNormalization: { config: settings({ groups: fc.constantFrom(1, -1) }), fits: any },
  RMSNormalization: { config: settings({ epsilon: fc.constant(0.01) }), fits: any },
  UnitNormalization: { config: nothing, fits: any },
  Rescaling: { config: settings({ scale: fc.constantFrom(0.5, -1), offset: rate }), fits: any },
  ActivityRegularization: { config: settings({ l1: fc.constant(0.01), l2: rate }), fits: any },
  Dropout: random,
  GaussianDropout: random,
  GaussianNoise: { config: settings({ stddev: rate }), fits: any },
  Flatten: { config: nothing, fits: any },
  Reshape: {
    config: settings({ target_shape: fc.constantFrom([-1], [-1, 1], [-1, 2], [-1, 2, 2]) }),
    fits(shape, { target_shape }) {
      const rows = sizeOf(shape) / Math.abs(sizeOf(target_shape as number[]));
      return Number.isInteger(rows) && rows <= ((target_shape as []).length > 1 ? 8 : 1000);
    },
  },
  RepeatVector: { config: settings({ n: fc.integer({ min: 1, max: 4 }) }), fits: vector },
  Conv2D: {
    config: settings({ filters: units, kernel_size: odds, strides, activation, padding }),
    fits: (shape, { kernel_size, padding }) =>
      image(shape) && (padding === 'same' || Math.min(shape[0]!, shape[1]!) >= Number(kernel_size)),
  },
  Conv2DTranspose: {
    config: settings({ filters: units, kernel_size: odds, strides, padding: fc.constant('same') }),
    fits: small,
  },
  DepthwiseConv2D: {
    config: settings({ kernel_size: odds, padding: fc.constant('same') }),
    fits: image,
  },
  SeparableConv2D: {
    config: settings({ filters: units, kernel_size: odds, padding: fc.constant('same') }),
    fits: image,
  },
  MaxPooling2D: pooling2d,
  AveragePooling2D: pooling2d,
  GlobalMaxPooling2D: global2d,
  GlobalAveragePooling2D: global2d,
  UpSampling2D: {
    config: settings({ interpolation: fc.constantFrom('nearest', 'bilinear') }),
    fits: small,
  },
  ZeroPadding2D: { config: nothing, fits: small },
  Cropping2D: {
    config: settings({ cropping: fc.constant([1, 0]) }),
    fits: (shape) => image(shape) && shape[0]! > 2,
  },
  SpatialDropout2D: { config: settings({ rate }), fits: image },
  Conv1D: {
    config: settings({
      filters: units,
      kernel_size: odds,
      activation,
      padding: fc.constantFrom('same', 'causal'),
    }),
    fits: sequence,
  },
  MaxPooling1D: pooling1d,
  AveragePooling1D: pooling1d,
  GlobalMaxPooling1D: global1d,
  GlobalAveragePooling1D: global1d,
  Masking: { config: nothing, fits: sequence },
  Permute: { config: settings({ dims: fc.constant([2, 1]) }), fits: sequence },
  SimpleRNN: recurrent,
  LSTM: recurrent,
  GRU: recurrent,
};

/** Layers with variables and masks come more often, for those are what can be lost on the way. */
const OFTEN = [
  ...['Dense', 'Dense', 'Dense', 'Conv2D', 'Conv1D', 'BatchNormalization'],
  ...['Masking', 'Masking', 'LSTM', 'GlobalAveragePooling1D'],
];

/** A layer that takes one tensor. */
export const layerRecipe: Arbitrary<LayerRecipe> = fc
  .constantFrom(...OFTEN, ...OFTEN, ...Object.keys(families))
  .chain((class_name) =>
    fc.tuple(families[class_name]!.config, frozen()).map(([config, still]) => ({
      class_name,
      config: still ? { ...config, trainable: false } : config,
    })),
  );

/** Whether a layer or model is frozen: seldom. */
export function frozen(): Arbitrary<boolean> {
  return fc.integer({ min: 0, max: 9 }).map((n) => n === 9);
}

/** Whether the layer takes a tensor of this shape, and what it gives is small. */
export function layerFits({ class_name, config }: LayerRecipe, shape: Shape): boolean {
  return families[class_name]!.fits(shape, config);
}

/** How shapes must agree that a merge takes. */
const MERGES: Readonly<Record<string, (a: Shape, b: Shape) => boolean>> = {
  Add: same,
  Subtract: same,
  Multiply: same,
  Average: same,
  Maximum: same,
  Concatenate: (a, b) =>
    same(a.slice(0, -1), b.slice(0, -1)) && a.at(-1)! + b.at(-1)! <= MOST.channels,
  Attention: (a, b) => sequence(a) && sequence(b) && a[1] === b[1],
};

function same(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

/** The class of a layer that takes two tensors. */
export const mergeName = fc.constantFrom(...Object.keys(MERGES));

/** Whether the merge takes tensors of these shapes. */
export function mergeFits(name: string, a: Shape, b: Shape): boolean {
  return MERGES[name]!(a, b);
}

/** The shape of a model's input. */
export const inputShape: Arbitrary<number[]> = fc.oneof(
  fc.tuple(fc.integer({ min: 1, max: 6 })),
  fc.tuple(
    fc.integer({ min: 3, max: 8 }),
    fc.integer({ min: 3, max: 8 }),
    fc.integer({ min: 1, max: 3 }),
  ),
  fc.tuple(fc.integer({ min: 2, max: 5 }), fc.integer({ min: 1, max: 4 })),
);
