import type { Ops, Value } from '../../program/builder.ts';
import { tensor } from '../../program/tensor.ts';

/** What lies beyond an image's border: itself mirrored, repeated, its edge, or one value. */
export type FillMode = 'reflect' | 'wrap' | 'constant' | 'nearest';

export interface Sampling {
  readonly fillMode: FillMode;
  readonly fillValue: number;
  readonly interpolation: 'nearest' | 'bilinear';
}

/**
 * Where an output pixel (x, y) comes from: (a0·x + a1·y + a2, b0·x + b1·y + b2), each [batch, 1, 1] or a number, and
 * in x and in y at least one of the first kind.
 */
export interface Affine {
  readonly x: readonly [Value | number, Value | number, Value | number];
  readonly y: readonly [Value | number, Value | number, Value | number];
}

/** One of the pixels along an axis that a position lies between. */
interface Neighbour {
  /** float32 [batch, height, width], within the image. */
  readonly index: Value;
  readonly weight: Value | null;
  /** Whether it lies within the image by itself; null: always counts. */
  readonly valid: Value | null;
}

/**
 * Samples each image [batch, height, width, channels] where its affine map says.
 * Source: keras.src.backend.torch.image.affine_transform and map_coordinates.
 */
export function sampleAffine(ops: Ops, images: Value, { x, y }: Affine, sampling: Sampling): Value {
  const [batch, height, width, channels] = images.shape as [number | null, ...number[]];
  const size = [height!, width!] as const;
  const [columns, rows] = grid(ops, ...size);
  const along = ([across, down, offset]: Affine['x']) =>
    ops.add(ops.add(ops.mul(columns, across), ops.mul(rows, down)), offset);
  const ys = neighbours(ops, along(y), height!, sampling);
  const xs = neighbours(ops, along(x), width!, sampling);
  const table = ops.reshape(images, [null, channels!]);
  const first = ops.mul(ops.reshape(ops.positions(images, 0), [batch, 1, 1]), height! * width!);
  const parts = ys.flatMap((row) =>
    xs.map((column) => {
      const place = ops.add(ops.mul(row.index, width!), column.index);
      const pixels = ops.gather(table, ops.add(ops.cast(place, 'int32'), first));
      const valid = both(row.valid, column.valid, (a, b) => ops.and(a, b));
      const open = (value: Value) => ops.reshape(value, [batch, ...size, 1]);
      const seen = valid ? ops.select(open(valid), pixels, sampling.fillValue) : pixels;
      const weight = both(row.weight, column.weight, (a, b) => ops.mul(a, b));
      return weight ? ops.mul(seen, open(weight)) : seen;
    }),
  );
  return parts.reduce((a, b) => ops.add(a, b));
}

function both(a: Value | null, b: Value | null, join: (a: Value, b: Value) => Value) {
  return a && b ? join(a, b) : (a ?? b);
}

/** The column and the row of each pixel, [1, 1, width] and [1, height, 1]. */
function grid(ops: Ops, height: number, width: number): [Value, Value] {
  const count = (n: number) => Float32Array.from({ length: n }, (_, i) => i);
  return [
    ops.constant(tensor(count(width), [1, 1, width])),
    ops.constant(tensor(count(height), [1, height, 1])),
  ];
}

/** The nearest pixel, or the two around the position with their weights. */
function neighbours(
  ops: Ops,
  position: Value,
  size: number,
  { interpolation, fillMode }: Sampling,
) {
  const one = (index: Value, weight: Value | null): Neighbour => ({
    index: within(ops, index, size, fillMode),
    weight,
    valid: fillMode === 'constant' ? ops.and(ops.lessEqual(0, index), ops.less(index, size)) : null,
  });
  if (interpolation === 'nearest') return [one(ops.round(position), null)];
  const lower = ops.floor(position);
  const weight = ops.sub(position, lower);
  return [one(lower, ops.sub(1, weight)), one(ops.add(lower, 1), weight)];
}

/** Brings whole numbers, held as float32, into [0, size). */
function within(ops: Ops, index: Value, size: number, fillMode: FillMode): Value {
  if (fillMode === 'wrap') return ops.mod(index, size);
  if (fillMode === 'reflect') {
    // Mirrored at the outer edge of the border pixels: d c b a | a b c d | d c b a.
    const turn = ops.mod(index, 2 * size);
    return ops.min(turn, ops.sub(2 * size - 1, turn));
  }
  return ops.min(ops.max(index, 0), size - 1);
}
