import { windowPads, type Padding } from '../shapes.ts';

/** An image as [batch, depth, height, width, channels], whatever number of spatial axes it has. */
export type Volume = readonly [number, number, number, number, number];
export type Three = readonly [number, number, number];

/** A window over three spatial axes; one that an image lacks has size 1. */
export interface Window {
  readonly kernel: Three;
  readonly strides: Three;
  readonly dilations: Three;
  /** Padding before the first element of each axis. */
  readonly before: Three;
}

/** The shape of an image with leading spatial axes of size 1. Throws for more than three spatial axes. */
export function volumeOf(shape: readonly number[]): Volume {
  const spatial = shape.slice(1, -1);
  return [shape[0]!, ...three(spatial, 1), shape.at(-1)!];
}

/** Numbers of spatial axes, of which there are up to three, as those of three. */
function three(perAxis: readonly number[], missing: number): Three {
  if (perAxis.length > 3)
    throw new RangeError(`windows move over at most 3 axes; got ${perAxis.length}`);
  return [...Array<number>(3 - perAxis.length).fill(missing), ...perAxis] as unknown as Three;
}

/** The window of an operation over an image with these spatial sizes. */
export function windowOf(
  spatial: readonly number[],
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: Padding,
): Window {
  const before = kernel.map(
    (taps, i) => windowPads(spatial[i]!, taps, strides[i]!, dilations[i]!, padding, i)[0],
  );
  return {
    kernel: three(kernel, 1),
    strides: three(strides, 1),
    dilations: three(dilations, 1),
    before: three(before, 0),
  };
}

/**
 * Visits every element of an image that a window at some output holds: the tap's number within the window, and the
 * element's within the image's spatial axes; padding is left out.
 */
export function eachTap(
  [, depth, height, width]: Volume,
  { kernel, strides, dilations, before }: Window,
  [z, y, x]: Three,
  visit: (tap: number, at: number) => void,
): void {
  for (let d = 0; d < kernel[0]; d++) {
    const iz = z * strides[0] + d * dilations[0] - before[0];
    if (iz < 0 || iz >= depth) continue;
    for (let h = 0; h < kernel[1]; h++) {
      const iy = y * strides[1] + h * dilations[1] - before[1];
      if (iy < 0 || iy >= height) continue;
      for (let w = 0; w < kernel[2]; w++) {
        const ix = x * strides[2] + w * dilations[2] - before[2];
        if (ix < 0 || ix >= width) continue;
        visit((d * kernel[1] + h) * kernel[2] + w, (iz * height + iy) * width + ix);
      }
    }
  }
}

/** Visits the positions of a volume in C order, with their numbers. */
export function eachPosition(
  [, depth, height, width]: Volume,
  visit: (position: Three, at: number) => void,
): void {
  let at = 0;
  for (let z = 0; z < depth; z++)
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) visit([z, y, x], at++);
}
