import type { LayerId } from '../../shared/keras/spec.ts';
import type { SpecError } from '../../shared/keras/spec.ts';
import type { TensorType } from '../../shared/program/tensor.ts';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A layer, a folded model (`chip`) or an open model with its picture inside (`panel`). */
export interface Box {
  /** Unique in the picture. */
  readonly key: string;
  readonly kind: 'layer' | 'chip' | 'panel';
  readonly path: string;
  readonly layer: LayerId;
  /** Which of the layer's calls in the model above, from 0. */
  readonly call: number;
  /** Of models: how many dolls deep, from 1. */
  readonly depth: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** What this call takes and gives; null where it can't be known. */
  readonly inputs: readonly (TensorType | null)[];
  readonly outputs: readonly TensorType[] | null;
  readonly error: SpecError | null;
}

/** A tensor on its way. */
export interface Edge {
  readonly key: string;
  /** Horizontal and vertical stretches. */
  readonly points: readonly Point[];
  readonly arrow: boolean;
  /** The receiver can't take it. */
  readonly bad: boolean;
  readonly label: Label | null;
}

export interface Label extends Point {
  readonly text: string;
  /** Above a horizontal stretch from `x` on, or right of a vertical one. */
  readonly at: 'above' | 'beside';
}

/** Models as nested panels. All positions are in px from the left top. */
export interface Picture {
  /** Panels stand before what they hold. */
  readonly boxes: readonly Box[];
  readonly edges: readonly Edge[];
  /** Where an edge crosses a panel's border. */
  readonly ports: readonly Point[];
  readonly width: number;
  readonly height: number;
}

/** How wide texts are and what is open. */
export interface PictureOptions {
  isOpen(path: string): boolean;
  /** Width of a text in px, in the type of names (12 px, medium) or of details and labels (11 px). */
  measure(text: string, type: 'name' | 'detail'): number;
  /** Width that the header of a model needs, folded (`chip`) or open. */
  headerWidth(path: string, layer: LayerId): number;
  /** Width of the marks behind a layer's name. */
  markWidth(path: string, layer: LayerId): number;
}

export const sizes = {
  node: 36,
  chip: 44,
  rootHeader: 36,
  header: 32,
  pad: 12,
  /** Between boxes across the flow. */
  gap: 16,
  /** Between ranks that flow down, with room for a shape beside the edge. */
  rankGap: 20,
  track: 8,
  /** Below a header, for the arrow of an input that comes in from above. */
  entry: 16,
  /** Between outputs that leave side by side, with room for a shape between them. */
  exit: 20,
  narrowest: 72,
  widest: 240,
} as const;

export function moved<T extends Point>(thing: T, x: number, y: number): T {
  return { ...thing, x: thing.x + x, y: thing.y + y };
}

export function movedEdge(edge: Edge, x: number, y: number): Edge {
  return {
    ...edge,
    points: edge.points.map((point) => moved(point, x, y)),
    label: edge.label && moved(edge.label, x, y),
  };
}
