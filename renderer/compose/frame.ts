import type { Point } from './picture.ts';

/** Where the tensors of a model go in its picture. */
export type Flow = 'right' | 'down';

/** Turns positions along and across a flow into the picture's x and y, and back. */
export interface Frame {
  readonly flow: Flow;
  point(along: number, across: number): Point;
  along(thing: { readonly x: number; readonly y: number }): number;
  across(thing: { readonly x: number; readonly y: number }): number;
  length(box: { readonly width: number; readonly height: number }): number;
  breadth(box: { readonly width: number; readonly height: number }): number;
}

export function createFrame(flow: Flow): Frame {
  const right = flow === 'right';
  return {
    flow,
    point: (along, across) => (right ? { x: along, y: across } : { x: across, y: along }),
    along: ({ x, y }) => (right ? x : y),
    across: ({ x, y }) => (right ? y : x),
    length: ({ width, height }) => (right ? width : height),
    breadth: ({ width, height }) => (right ? height : width),
  };
}
