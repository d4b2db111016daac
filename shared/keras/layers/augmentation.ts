import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { formatShape } from '../../program/tensor.ts';
import { dataFormat } from './config.ts';
import { defineLayer, type CallContext } from './layer.ts';
import { sampleAffine, type Affine } from './sampling.ts';

/** Changes images [batch, height, width, channels] while training only, each by numbers of its own. */
function augmentation<C>(
  className: string,
  config: z.ZodType<C>,
  augment: (context: CallContext, images: Value, config: C) => Value,
) {
  return defineLayer<C>({
    className,
    config,
    call(context, [x], config) {
      if (x!.shape.length !== 4 || x!.shape.slice(1).includes(null))
        throw new RangeError(
          `expected images (batch, height, width, channels) of known size; got ${formatShape(x!.shape)}`,
        );
      const images = context.ops.cast(x!, 'float32');
      return context.training ? augment(context, images, config) : images;
    },
  });
}

const common = {
  seed: z.int().nullish(),
  data_format: dataFormat,
  bounding_box_format: z.null().optional(),
};

type Range = readonly [low: number, high: number];

/**
 * A factor: a number f for -f to f (or for `lowest` to f where that is larger), or a list of two. Source:
 * keras.src.layers.preprocessing.image_preprocessing.base_image_preprocessing_layer.
 */
function factor(lowest: number) {
  const inRange = z.number().min(lowest).max(1);
  const pair = z
    .tuple([z.number(), z.number()])
    .refine(([a, b]) => a <= 1 && b >= lowest, `expected numbers in the range [${lowest}, 1]`);
  return z.union([inRange, pair]).transform((value): Range => {
    if (typeof value !== 'number') return sorted(value);
    return [Math.max(-Math.abs(value), lowest), Math.abs(value)];
  });
}

const sorted = ([a, b]: readonly [number, number]): Range => (a <= b ? [a, b] : [b, a]);

/** A share of the height or width: f for -f to f, or a list of two. `open`: -1 itself is left out. */
function share(open: boolean) {
  const number = open ? z.number().gt(-1).max(1) : z.number().min(-1).max(1);
  return z
    .union([number, z.tuple([number, number])])
    .transform((value): Range =>
      typeof value === 'number' ? [-Math.abs(value), Math.abs(value)] : sorted(value),
    );
}

/** A number for each image, [batch, 1, 1, 1]. */
function draw({ ops, random }: CallContext, images: Value, [low, high]: Range): Value {
  const one = ops.slice(images, [0, 0, 0, 0], [null, 1, 1, 1]);
  const drawn = random(one, { kind: 'uniform', low: 0, high: 1 });
  return ops.add(ops.mul(drawn, high - low), low);
}

/** Turns half of the images around; with both axes, the same images around both. */
export const randomFlip = augmentation(
  'RandomFlip',
  z.strictObject({
    mode: z
      .enum(['horizontal', 'vertical', 'horizontal_and_vertical'])
      .default('horizontal_and_vertical'),
    ...common,
  }),
  (context, images, { mode }) => {
    const { ops } = context;
    const flips = ops.lessEqual(draw(context, images, [0, 1]), 0.5);
    const axes = [...(mode === 'vertical' ? [] : [2]), ...(mode === 'horizontal' ? [] : [1])];
    return ops.select(flips, ops.reverse(images, axes), images);
  },
);

const affine = {
  fill_mode: z.enum(['reflect', 'wrap', 'constant', 'nearest']).default('reflect'),
  fill_value: z.number().default(0),
  interpolation: z.enum(['nearest', 'bilinear']).default('bilinear'),
  ...common,
};

/** A layer that samples each image through an affine map. */
function resampling<C extends z.infer<z.ZodObject<typeof affine>>>(
  className: string,
  config: z.ZodType<C>,
  map: (context: CallContext, images: Value, config: C) => Affine,
) {
  return augmentation(className, config, (context, images, config) =>
    sampleAffine(context.ops, images, map(context, images, config), {
      fillMode: config.fill_mode,
      fillValue: config.fill_value,
      interpolation: config.interpolation,
    }),
  );
}

/** [batch, 1, 1, 1] as [batch, 1, 1]. */
const flat = (ops: Ops, x: Value) => ops.reshape(x, [x.shape[0]!, 1, 1]);

/** Turns each image around its centre by a share of a full turn. */
export const randomRotation = resampling(
  'RandomRotation',
  z.strictObject({ factor: factor(-1), ...affine }),
  (context, images, config) => {
    const { ops } = context;
    const angle = ops.mul(flat(ops, draw(context, images, config.factor)), 2 * Math.PI);
    const [cos, sin] = [ops.cos(angle), ops.sin(angle)];
    const [cy, cx] = centre(images);
    const offset = (at: number, across: Value, down: Value) =>
      ops.sub(ops.sub(at, ops.mul(across, cx)), ops.mul(down, cy));
    return {
      x: [cos, ops.neg(sin), offset(cx, cos, ops.neg(sin))],
      y: [sin, cos, offset(cy, sin, cos)],
    };
  },
);

/** The middle of an image, row first, where pixels stand at whole numbers. */
function centre({ shape }: Value): readonly [number, number] {
  return [(shape[1]! - 1) / 2, (shape[2]! - 1) / 2];
}

/** Zooms each image around its centre: out by a positive share, in by a negative one. */
export const randomZoom = resampling(
  'RandomZoom',
  z.strictObject({ height_factor: share(true), width_factor: share(true).nullish(), ...affine }),
  (context, images, { height_factor, width_factor }) => {
    const { ops } = context;
    const zoom = (range: Range) => ops.add(flat(ops, draw(context, images, range)), 1);
    const down = zoom(height_factor);
    const across = width_factor ? zoom(width_factor) : down;
    const [cy, cx] = centre(images);
    return {
      x: [across, 0, ops.mul(ops.sub(1, across), cx)],
      y: [0, down, ops.mul(ops.sub(1, down), cy)],
    };
  },
);

/** Moves each image by shares of its height (down) and width (to the right). */
export const randomTranslation = resampling(
  'RandomTranslation',
  z.strictObject({ height_factor: share(false), width_factor: share(false), ...affine }),
  (context, images, { height_factor, width_factor }) => {
    const { ops } = context;
    const [, height, width] = images.shape;
    const shift = (range: Range, size: number) =>
      ops.mul(flat(ops, draw(context, images, range)), -size);
    const down = shift(height_factor, height!);
    const across = shift(width_factor, width!);
    return { x: [1, 0, across], y: [0, 1, down] };
  },
);

/** The range of pixel values, to which results are cut. */
const valueRange = z.tuple([z.number(), z.number()]).default([0, 255]);

const cut = (ops: Ops, x: Value, [low, high]: Range) => ops.min(ops.max(x, low), high);

/** Brings each channel of an image nearer to or farther from its mean: times 1 - low to 1 + high. */
export const randomContrast = augmentation(
  'RandomContrast',
  z.strictObject({ factor: factor(0), value_range: valueRange, ...common }),
  (context, images, { factor: [low, high], value_range }) => {
    const { ops } = context;
    const by = draw(context, images, [1 - low, 1 + high]);
    const mean = ops.reduceMean(images, [1, 2], true);
    const changed = ops.add(ops.mul(ops.sub(images, mean), by), mean);
    return cut(ops, changed, value_range);
  },
);

/** Adds a share of the value range to each image. */
export const randomBrightness = augmentation(
  'RandomBrightness',
  z.strictObject({
    factor: factor(-1),
    value_range: valueRange.transform((range) => sorted(range)),
    ...common,
  }),
  (context, images, { factor, value_range: [low, high] }) => {
    const { ops } = context;
    const delta = ops.mul(draw(context, images, factor), high - low);
    return cut(ops, ops.add(images, delta), [low, high]);
  },
);
