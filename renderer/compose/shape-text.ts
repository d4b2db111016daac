import type { Shape } from '../../shared/program/tensor.ts';

/** A shape without its batch axis as people read it: `28×28×1`; unknown sizes are `?`, one number a sample is `1`. */
export function shapeText(shape: Shape | null | undefined): string {
  if (!shape) return '?';
  const rest = shape.slice(1);
  return rest.length === 0 ? '1' : rest.map((size) => size ?? '?').join('×');
}
