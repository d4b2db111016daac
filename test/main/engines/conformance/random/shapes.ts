import type { Shape } from '../../../../../shared/program/tensor.ts';
import type { Random } from '../inputs.ts';

/** A whole number from `low` to `high`, both included. */
export function whole(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

export function oneOf<T>(random: Random, choices: readonly T[]): T {
  return choices[whole(random, 0, choices.length - 1)]!;
}

export function chance(random: Random, share: number): boolean {
  return random() < share;
}

/** Sizes from 1 to 5, 1 more often than the others. */
export function sizes(random: Random, rank: number): number[] {
  return Array.from({ length: rank }, () => (chance(random, 0.2) ? 1 : whole(random, 1, 5)));
}

/** A shape of a rank up to 5, its first dimension often the batch. */
export function anyShape(random: Random, least = 0, most = 5): Shape {
  const shape = sizes(random, whole(random, least, most));
  return shape.length > 0 && chance(random, 0.5) ? [null, ...shape.slice(1)] : shape;
}

/** The numbers 0 to `count` - 1 in any order. */
export function shuffled(random: Random, count: number): number[] {
  const numbers = [...Array(count).keys()];
  for (let i = count - 1; i > 0; i--) {
    const j = whole(random, 0, i);
    [numbers[i], numbers[j]] = [numbers[j]!, numbers[i]!];
  }
  return numbers;
}

/** At least one axis of so many, in order. */
export function someAxes(random: Random, rank: number): number[] {
  return shuffled(random, rank)
    .slice(0, whole(random, 1, rank))
    .sort((a, b) => a - b);
}

/** Shapes that broadcast to one shape: of each, leading dimensions may be missing, and any may be 1. */
export function broadcasting(random: Random, count: number): Shape[] {
  const full = anyShape(random);
  const shapes = Array.from({ length: count }, (): Shape =>
    full
      .slice(chance(random, 0.3) ? whole(random, 0, full.length) : 0)
      .map((dim) => (dim !== null && chance(random, 0.25) ? 1 : dim)),
  );
  // Where one is whole, none can be too small for what the others make of it.
  return shapes.with(whole(random, 0, count - 1), full);
}
