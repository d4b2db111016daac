import type { Shape } from '../../shared/program/tensor.ts';
import { extent } from './shapes.ts';

/**
 * Width and height of a tensor's picture: the height is its spatial side beside the largest one around (`largest`,
 * which gets `height`), the width its channels; a vector lies flat.
 */
export function glyphSize(
  shape: Shape,
  largest: number,
  height: number,
): { width: number; height: number } {
  const { side, channels } = extent(shape);
  const width = Math.min(20, 5 + 2.2 * (Math.sqrt(channels) - 1));
  if (side === 0) return { width: Math.max(8, width), height: 5 };
  const share = (side / Math.max(side, largest)) ** 0.7;
  return { width, height: Math.max(6, height * share) };
}
