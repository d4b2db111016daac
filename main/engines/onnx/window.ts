import { windowPads, type Padding } from '../../../shared/program/shapes.ts';
import type { Shape } from '../../../shared/program/tensor.ts';

/** A window over the spatial axes of an image of known size. */
export interface Window {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** [before, after] of each spatial axis. */
  readonly pads: readonly (readonly [number, number])[];
}

/** The window with its padding in numbers. Throws when a spatial size that the padding depends on is unknown. */
export function windowOver(
  spatial: Shape,
  kernel: readonly number[],
  strides: readonly number[],
  dilations: readonly number[],
  padding: Padding,
): Window {
  const pads = kernel.map((taps, i) => {
    const size = spatial[i]!;
    if (size === null && padding === 'same')
      throw new Error(`'same' padding needs spatial sizes that are known; axis ${i + 1} is not`);
    return windowPads(size ?? 0, taps, strides[i]!, dilations[i]!, padding, i);
  });
  return { kernel, strides, dilations, pads };
}

/** The sizes of the spatial axes. Throws when one is unknown. */
export function knownSpatial(shape: Shape): number[] {
  return shape.map((dim, i) => {
    if (dim === null) throw new Error(`the size of spatial axis ${i + 1} must be known`);
    return dim;
  });
}

/** Padding in ONNX's order: all that goes before, then all that goes after. */
export function padsAttribute(pads: Window['pads']): number[] {
  return [...pads.map(([before]) => before), ...pads.map(([, after]) => after)];
}
