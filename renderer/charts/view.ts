import type { View } from './axis.ts';

/** The closest look: a part of an axis is never narrower than this share of the whole. */
const CLOSEST = 1e-6;

/** Makes a part `factor` times as wide, so that `place` stays where it is on the screen. */
export function zoomed(view: View, whole: View, place: number, factor: number): View | null {
  const width = Math.max((whole.max - whole.min) * CLOSEST, (view.max - view.min) * factor);
  const share = (place - view.min) / (view.max - view.min);
  return within({ min: place - share * width, max: place + (1 - share) * width }, whole);
}

/** Moves a part by a share of its own width; it stops at the ends. */
export function panned(view: View, whole: View, share: number): View | null {
  const width = view.max - view.min;
  const min = Math.max(whole.min, Math.min(whole.max - width, view.min + share * width));
  return within({ min, max: min + width }, whole);
}

/** What of a part lies within the whole; null when that is all of it, or nothing. */
export function within(view: View, whole: View): View | null {
  const min = Math.max(whole.min, view.min);
  const max = Math.min(whole.max, view.max);
  const isAll = min <= whole.min && max >= whole.max;
  return isAll || !(max > min) ? null : { min, max };
}
