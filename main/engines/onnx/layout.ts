import type { Dim, Shape } from '../../../shared/program/tensor.ts';

/**
 * Where a tensor has its channels: `last` is the order of the program; `first` has the last axis moved behind the
 * first, as ONNX's convolutions want it: [N, H, W, C] is [N, C, H, W]. Below rank 3 the two are the same.
 */
export type Layout = 'last' | 'first';

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

/** Where an axis of the program lies in a layout. */
export function axisIn(layout: Layout, rank: number, axis: number): number {
  return layout === 'last' ? axis : toFirst(rank).indexOf(axis);
}

/** What belongs to each axis of the program, in the order of a layout. */
export function inLayout<T>(layout: Layout, perAxis: readonly T[]): T[] {
  return layout === 'last' ? [...perAxis] : toFirst(perAxis.length).map((axis) => perAxis[axis]!);
}

/** Whether reordering axes so leaves the numbers where they are in memory: only axes of size 1 move. */
export function isReshape(shape: Shape, perm: readonly number[]): boolean {
  const moving = perm.filter((axis) => shape[axis] !== 1);
  return moving.every((axis, i) => i === 0 || moving[i - 1]! < axis);
}

/** A shape as ONNX's Reshape takes it, or null when more than one dimension is unknown. */
export function reshapeTarget(shape: readonly Dim[]): number[] | null {
  if (shape.filter((dim) => dim === null).length > 1) return null;
  return shape.map((dim) => dim ?? -1);
}
