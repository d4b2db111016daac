import type { Shape } from '../../../shared/program/tensor.ts';

/**
 * How a tensor lies in memory. `last` is the order of the program, channels last. `first` has the last axis moved
 * behind the first, as ONNX's convolutions want it: [N, H, W, C] is [N, C, H, W]. `blocked` is [N, C / B, H, W, B],
 * as ONNX Runtime's fastest convolutions want it. Below rank 3, `last` and `first` are the same; only images of rank
 * 4 whose channels fill blocks can be `blocked`.
 */
export type Layout = 'last' | 'first' | 'blocked';

/** The order of axes that takes a tensor of this rank from channels last to channels first. */
export function toFirst(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i);
  return rank < 3 ? axes : [0, rank - 1, ...axes.slice(1, -1)];
}

/** The order of axes that takes a tensor of this rank back from channels first. */
export function toLast(rank: number): number[] {
  const axes = Array.from({ length: rank }, (_, i) => i);
  return rank < 3 ? axes : [0, ...axes.slice(2), 1];
}

/** Where an axis of the program lies in a layout; of blocked channels, the axis that counts the blocks. */
export function axisIn(layout: Layout, rank: number, axis: number): number {
  return layout === 'last' ? axis : toFirst(rank).indexOf(axis);
}

/** What belongs to each axis of the program, in the order of a layout; `within` belongs to the axis inside a block. */
export function inLayout<T>(layout: Layout, perAxis: readonly T[], within: T): T[] {
  if (layout === 'last') return [...perAxis];
  const first = toFirst(perAxis.length).map((axis) => perAxis[axis]!);
  return layout === 'first' ? first : [...first, within];
}

/** Whether reordering axes so leaves the numbers where they are in memory: only axes of size 1 move. */
export function isReshape(shape: Shape, perm: readonly number[]): boolean {
  const moving = perm.filter((axis) => shape[axis] !== 1);
  return moving.every((axis, i) => i === 0 || moving[i - 1]! < axis);
}

/** A shape as ONNX's Reshape takes it, or null when more than one dimension is unknown. */
export function reshapeTarget(shape: Shape): number[] | null {
  if (shape.filter((dim) => dim === null).length > 1) return null;
  return shape.map((dim) => dim ?? -1);
}
