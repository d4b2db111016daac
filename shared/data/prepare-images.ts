import type { Ops, Value } from '../program/builder.ts';
import { tensor } from '../program/tensor.ts';
import { affineOf, channelsOf, type ImagePreprocessing } from './preprocessing.ts';

/** Where the pixels of one axis of the result come from, as numbers that the run knows. */
interface Axis {
  /** Where the part that is taken begins, in px of the image. */
  readonly start: Value;
  /** How many px of the image are one of the result. */
  readonly step: Value;
  /** The first px of the result that is filled; those before and behind its `count` are background. */
  readonly first: Value | null;
  readonly count: Value | number;
}

/** The shape of the images that are taken: colours where grey is wanted, for the luma is computed here. */
export function rawImageShape(to: ImagePreprocessing): (number | null)[] {
  return [null, null, null, to.color === 'grey' ? 3 : channelsOf(to)];
}

/**
 * What the import and the batches of a training do to images, as operations: images of any size
 * [batch, height, width, channels] with values 0 to 255 become what the model takes. The luma of ITU-R 601 for grey;
 * the kernels that main/data resamples with, as products with a matrix for each axis.
 */
export function prepareImages(ops: Ops, images: Value, to: ImagePreprocessing): Value {
  const colors = to.color === 'grey' ? luma(ops, images) : images;
  const sized = resized(ops, colors, to);
  const white = { uint8: 255, uint16: 65_535, float32: 1 }[to.dtype];
  const scaled = white === 255 ? sized : ops.mul(sized, white / 255);
  const kept = to.dtype === 'float32' ? scaled : ops.floor(ops.add(scaled, 0.5));
  const channels = sized.shape.at(-1)!;
  const affine = Array.from({ length: channels }, (_, place) => affineOf(to, place));
  const factors = ops.constant(
    tensor(
      affine.map(({ factor }) => factor),
      [channels],
    ),
  );
  const offsets = ops.constant(
    tensor(
      affine.map(({ offset }) => offset),
      [channels],
    ),
  );
  return ops.add(ops.mul(kept, factors), offsets);
}

function luma(ops: Ops, images: Value): Value {
  const weights = ops.constant(tensor([0.299, 0.587, 0.114], [3]));
  return ops.reduceSum(ops.mul(images, weights), [3], true);
}

/** The images at the wanted size; values stay within those of each image. */
function resized(ops: Ops, x: Value, to: ImagePreprocessing): Value {
  const sizes = [ops.size(x, [1]), ops.size(x, [2])] as const;
  const axes = placement(ops, sizes, to);
  const [rows, columns] = axes.map((axis, i) => {
    const pixels = ops.cast(ops.positions(x, i + 1), 'float32');
    return weights(ops, axis, to.size[i]!, pixels, sizes[i]!, to.interpolation);
  }) as [Value, Value];
  const channelsFirst = ops.transpose(x, [0, 3, 1, 2]);
  const across = ops.matMul(channelsFirst, columns, false, true);
  const both = ops.transpose(ops.matMul(rows, across), [0, 2, 3, 1]);
  const within = ops.min(
    ops.max(both, ops.reduceMin(x, [1, 2, 3], true)),
    ops.reduceMax(x, [1, 2, 3], true),
  );
  if (to.fit !== 'pad') return within;
  const filled = ops.mul(
    ops.reshape(covered(ops, axes[0], to.size[0]), [1, to.size[0], 1, 1]),
    ops.reshape(covered(ops, axes[1], to.size[1]), [1, 1, to.size[1], 1]),
  );
  const channels = x.shape[3]!;
  const ground = Array<number>(channels).fill(to.background * 255);
  // Alpha is opaque behind the image.
  if (channels === 4) ground[3] = 255;
  return ops.select(ops.less(0, filled), within, ops.constant(tensor(ground, [1, 1, 1, channels])));
}

/** How the image lands on the wanted size: see `fit`. Whole pixels, in the middle. */
function placement(
  ops: Ops,
  sizes: readonly [Value, Value],
  { size, fit }: ImagePreprocessing,
): readonly [Axis, Axis] {
  const ratios = sizes.map((have, i) => ops.div(have, size[i]!)) as [Value, Value];
  const each = (axis: (have: Value, want: number, ratio: Value) => Axis) =>
    sizes.map((have, i) => axis(have, size[i]!, ratios[i]!)) as unknown as readonly [Axis, Axis];
  const zero = ops.mul(sizes[0], 0);
  if (fit === 'crop') {
    const scale = ops.min(...ratios);
    return each((have, want) => ({
      start: ops.mul(ops.sub(have, ops.mul(scale, want)), 0.5),
      step: scale,
      first: null,
      count: want,
    }));
  }
  if (fit === 'stretch')
    return each((_, want, ratio) => ({ start: zero, step: ratio, first: null, count: want }));
  const scale = ops.max(...ratios);
  return each((have, want) => {
    const count = ops.max(ops.floor(ops.add(ops.div(have, scale), 0.5)), 1);
    const first = ops.floor(ops.mul(ops.sub(want, count), 0.5));
    return { start: zero, step: ops.div(have, count), first, count };
  });
}

/** 1 for the px of an axis that the image fills, else 0. */
function covered(ops: Ops, { first, count }: Axis, size: number): Value {
  const places = ops.constant(
    tensor(
      Array.from({ length: size }, (_, i) => i),
      [size],
    ),
  );
  const from = first ? ops.lessEqual(first, places) : ops.lessEqual(0, places);
  return ops.cast(
    ops.and(from, ops.less(places, first ? ops.add(first, count) : count)),
    'float32',
  );
}

/** How much of each pixel of the image every px of the result takes: [size, pixels], rows that sum to 1. */
function weights(
  ops: Ops,
  { start, step, first }: Axis,
  size: number,
  pixels: Value,
  limit: Value,
  interpolation: ImagePreprocessing['interpolation'],
): Value {
  const places = ops.constant(
    tensor(
      Array.from({ length: size }, (_, i) => i + 0.5),
      [size, 1],
    ),
  );
  const from = first ? ops.sub(places, first) : places;
  const middle = ops.add(start, ops.mul(from, step));
  if (interpolation === 'nearest') {
    const nearest = ops.max(ops.min(ops.floor(middle), ops.sub(limit, 1)), 0);
    return ops.cast(ops.equal(pixels, nearest), 'float32');
  }
  const distance = ops.div(ops.sub(ops.add(pixels, 0.5), middle), ops.max(step, 1));
  const raw = kernels[interpolation](ops, ops.abs(distance));
  const sum = ops.reduceSum(raw, [1], true);
  // Places outside of a padded image take nothing at all.
  return ops.div(raw, ops.select(ops.equal(sum, 0), 1, sum));
}

/** The kernels at a distance: Keys's cubic has a = -0.5. */
const kernels: Record<
  Exclude<ImagePreprocessing['interpolation'], 'nearest'>,
  (ops: Ops, distance: Value) => Value
> = {
  bilinear: (ops, a) => ops.max(ops.sub(1, a), 0),
  bicubic(ops, a) {
    const near = ops.add(ops.mul(ops.mul(ops.sub(ops.mul(a, 1.5), 2.5), a), a), 1);
    const far = ops.add(ops.mul(ops.sub(ops.mul(ops.add(ops.mul(a, -0.5), 2.5), a), 4), a), 2);
    return ops.select(ops.less(a, 1), near, ops.select(ops.less(a, 2), far, 0));
  },
  lanczos3(ops, a) {
    const angle = ops.mul(a, Math.PI);
    const safe = ops.select(ops.equal(a, 0), 1, angle);
    const both = ops.div(
      ops.mul(ops.sin(safe), ops.mul(ops.sin(ops.div(safe, 3)), 3)),
      ops.mul(safe, safe),
    );
    return ops.select(ops.equal(a, 0), 1, ops.select(ops.less(a, 3), both, 0));
  },
};
