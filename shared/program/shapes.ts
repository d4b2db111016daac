import { formatShape, type Dim, type Shape } from './tensor.ts';

/** How a window moves over the borders: none, as little as TensorFlow's SAME, or [before, after] per spatial axis. */
export type Padding = 'valid' | 'same' | readonly (readonly [number, number])[];

/** Shape of a NumPy-style broadcast. Throws when a pair of dimensions differs and neither is 1. */
export function broadcastShapes(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const x = dimFromEnd(a, rank - i);
    const y = dimFromEnd(b, rank - i);
    if (x === 1) return y;
    if (y === 1 || x === y) return x;
    if (x === null) return y;
    if (y === null) return x;
    throw new RangeError(`shapes ${formatShape(a)} and ${formatShape(b)} do not broadcast`);
  });
}

function dimFromEnd(shape: Shape, position: number): Dim {
  return position > shape.length ? 1 : shape[shape.length - position]!;
}

/** Turns negative axes into positive ones, in order. Throws for an axis outside the rank or given twice. */
export function normalizeAxes(axes: readonly number[], rank: number): number[] {
  const normal = axes.map((axis) => {
    const positive = axis < 0 ? axis + rank : axis;
    if (!Number.isInteger(axis) || positive < 0 || positive >= rank)
      throw new RangeError(`axis ${axis} is outside a tensor of rank ${rank}`);
    return positive;
  });
  if (new Set(normal).size !== normal.length) throw new RangeError(`axes [${axes}] repeat an axis`);
  return normal.sort((x, y) => x - y);
}

/** Output size of a window of `kernel` taps moving over `size`; null stays null. Throws when the window does not fit. */
export function windowOutput(
  size: Dim,
  kernel: number,
  stride: number,
  dilation: number,
  padding: Padding,
  axis: number,
): Dim {
  if (size === null) return null;
  if (padding === 'same') return Math.ceil(size / stride);
  const [before, after] = padding === 'valid' ? [0, 0] : padding[axis]!;
  const span = (kernel - 1) * dilation + 1;
  const out = Math.floor((size + before + after - span) / stride) + 1;
  if (out < 1)
    throw new RangeError(
      `a window of ${span} does not fit into ${size}${before + after ? ` padded by ${before + after}` : ''}`,
    );
  return out;
}

/** The explicit [before, after] padding of one spatial axis (TensorFlow's rule: the odd one goes after). */
export function windowPads(
  size: number,
  kernel: number,
  stride: number,
  dilation: number,
  padding: Padding,
  axis: number,
): readonly [number, number] {
  if (padding === 'valid') return [0, 0];
  if (padding !== 'same') return padding[axis]!;
  const span = (kernel - 1) * dilation + 1;
  const total = Math.max((Math.ceil(size / stride) - 1) * stride + span - size, 0);
  return [Math.floor(total / 2), total - Math.floor(total / 2)];
}
