import { shallowRef, type ShallowRef } from 'vue';
import type { View } from './axis.ts';

/** What all charts of a page share: the crosshair, and the part of the horizontal axis that they show. */
export interface ChartPage {
  /** Null: all of it. */
  readonly view: Readonly<ShallowRef<View | null>>;
  /** The place under the pointer, in whichever chart it is. */
  readonly hover: Readonly<ShallowRef<number | null>>;
  /** Shows a part of the axis, or (null) all of it. */
  look(view: View | null): void;
  /** Moves the crosshair. */
  point(place: number | null): void;
}

export function createChartPage(): ChartPage {
  const view = shallowRef<View | null>(null);
  const hover = shallowRef<number | null>(null);
  return {
    view,
    hover,
    look: (next) => void (view.value = next),
    point: (place) => void (hover.value = place),
  };
}
