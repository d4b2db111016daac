import {
  sizeOf,
  tensor,
  type DType,
  type Shape,
  type TensorData,
} from '../../../../shared/program/tensor.ts';

/** An input of a case: its shape (null: the batch) and how one of its numbers is drawn. */
export interface Input {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly draw: (random: Random, position: number) => number;
  /** How the program takes it; a feed unless told. */
  readonly as?: 'variable' | 'random';
}

/** The input as a variable or as numbers that the run draws, in place of a feed. */
export function fromOutside(as: NonNullable<Input['as']>, input: Input): Input {
  return { ...input, as };
}

/** Uniform numbers in [0, 1). */
export type Random = () => number;

/** A generator that gives the same numbers for the same seed (mulberry32). */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** The numbers of an input for a batch of this size. */
export function drawInput(input: Input, batch: number, random: Random): TensorData {
  const shape = input.shape.map((dim) => dim ?? batch);
  const numbers = Array.from({ length: sizeOf(shape) }, (_, i) => input.draw(random, i));
  return tensor(numbers, shape, input.dtype);
}

/** Numbers of both signs, from -3 to 3. */
export function float(...shape: Shape): Input {
  return { shape, dtype: 'float32', draw: (random) => random() * 6 - 3 };
}

/** Numbers from 0.1 to 3. */
export function positive(...shape: Shape): Input {
  return { shape, dtype: 'float32', draw: (random) => random() * 2.9 + 0.1 };
}

/** Numbers from -3 to -0.1. */
export function negative(...shape: Shape): Input {
  return { shape, dtype: 'float32', draw: (random) => -(random() * 2.9 + 0.1) };
}

/** Halves from -2 to 2, so that many are equal. */
export function ties(...shape: Shape): Input {
  return { shape, dtype: 'float32', draw: (random) => Math.floor(random() * 9) / 2 - 2 };
}

/** Integers from `low` up to, but not including, `high`. */
export function int(low: number, high: number, ...shape: Shape): Input {
  return { shape, dtype: 'int32', draw: (random) => low + Math.floor(random() * (high - low)) };
}

/** Integers other than 0, of both signs. */
export function divisor(...shape: Shape): Input {
  const draw = (random: Random) => (1 + Math.floor(random() * 4)) * (random() < 0.5 ? -1 : 1);
  return { shape, dtype: 'int32', draw };
}

export function bool(...shape: Shape): Input {
  return { shape, dtype: 'bool', draw: (random) => Number(random() < 0.5) };
}

/** Exactly these numbers, in one row. */
export function given(numbers: readonly number[], dtype: DType = 'float32'): Input {
  return { shape: [numbers.length], dtype, draw: (_, position) => numbers[position]! };
}
