import type { Shape } from '../../shared/program/tensor.ts';
import { extent } from './shapes.ts';

/**
 * Width and height of a tensor's picture: the height is its spatial side beside the largest one around (`largest`),
 * the width its channels; a vector lies flat. `height` is the height of the largest.
 */
export function glyphSize(
  shape: Shape,
  largest: number,
  height: number,
): { width: number; height: number } {
  const { side, channels } = extent(shape);
  const widest = height * 0.7;
  const thin = Math.max(3, height * 0.075);
  const growth = height * 0.027 * (Math.sqrt(channels) - 1);
  if (side === 0) {
    const width = Math.min(widest, thin + growth);
    return { width: Math.max(width, thin * 1.6), height: Math.max(3, height * 0.07) };
  }
  return {
    width: Math.min(widest, thin + growth),
    height: Math.max(height * 0.2, height * (side / Math.max(side, largest)) ** 0.7),
  };
}
