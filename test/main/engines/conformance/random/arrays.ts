import { REDUCE } from '../../../../../shared/program/attributes.ts';
import { tensor, type Shape } from '../../../../../shared/program/tensor.ts';
import { use, type Case } from '../case.ts';
import {
  bool,
  drawInput,
  float,
  fromOutside,
  int,
  negative,
  ties,
  type Input,
  type Random,
} from '../inputs.ts';
import type { RandomCases } from '../random.ts';
import { anyShape, chance, oneOf, shuffled, sizes, someAxes, whole } from './shapes.ts';

type Kind = (...shape: Shape) => Input;

const integers: Kind = (...shape) => int(-9, 10, ...shape);
const anyKind = (random: Random): Kind => oneOf(random, [float, integers, bool]);

/** Sources, reductions, layout, products and tables. */
export const randomArrays: Pick<
  RandomCases,
  | 'variable'
  | 'feed'
  | 'random'
  | 'constant'
  | (typeof REDUCE)[number]
  | 'argMax'
  | 'size'
  | 'reshape'
  | 'transpose'
  | 'broadcast'
  | 'expandLike'
  | 'slice'
  | 'pad'
  | 'concat'
  | 'reverse'
  | 'upsample'
  | 'matMul'
  | 'gather'
  | 'gatherGrad'
  | 'positions'
  | 'oneHot'
> = {
  variable: (random) => ({
    op: 'variable',
    inputs: [fromOutside('variable', anyKind(random)(...sizes(random, whole(random, 0, 5))))],
    build: (_, [x]) => x!,
  }),
  feed: (random) => ({
    op: 'feed',
    inputs: [anyKind(random)(...anyShape(random))],
    build: (_, [x]) => x!,
  }),
  random: (random) => ({
    op: 'random',
    inputs: [fromOutside('random', float(...anyShape(random)))],
    build: (_, [x]) => x!,
  }),
  constant: (random) => {
    const value = drawInput(anyKind(random)(...sizes(random, whole(random, 0, 5))), 1, random);
    const { data, shape, dtype } = value;
    return {
      op: 'constant',
      inputs: [],
      build: (ops) => ops.constant(tensor([...data], shape, dtype)),
    };
  },

  ...(Object.fromEntries(
    REDUCE.map((op) => [
      op,
      (random: Random): Case => {
        const shape = anyShape(random, 1, op === 'reduceProd' ? 2 : 5);
        const attrs = { axes: someAxes(random, shape.length), keepDims: chance(random, 0.5) };
        const kinds = op === 'reduceMean' ? [float, negative] : [float, negative, integers];
        // Products of many numbers would leave what 32 bits hold.
        const kind = oneOf(random, op === 'reduceProd' ? [float, ties] : kinds);
        return use(op, attrs, kind(...shape));
      },
    ]),
  ) as Pick<RandomCases, (typeof REDUCE)[number]>),
  argMax: (random) => {
    const shape = anyShape(random, 1);
    const axis = whole(random, 0, shape.length - 1);
    return use('argMax', { axis }, oneOf(random, [float, negative, ties, integers])(...shape));
  },
  size: (random) => {
    const shape = anyShape(random, 1);
    return use('size', { axes: someAxes(random, shape.length) }, anyKind(random)(...shape));
  },

  reshape: (random) => {
    const [from, to] = sameSize(random);
    return use('reshape', { shape: to }, anyKind(random)(...from));
  },
  transpose: (random) => {
    const shape = anyShape(random, 1);
    return use('transpose', { perm: shuffled(random, shape.length) }, anyKind(random)(...shape));
  },
  broadcast: (random) => {
    const shape = sizes(random, whole(random, 0, 5));
    return use('broadcast', { shape }, anyKind(random)(...smaller(random, shape)));
  },
  expandLike: (random) => {
    const shape = anyShape(random);
    const known = smaller(random, shape);
    return use('expandLike', {}, anyKind(random)(...known), anyKind(random)(...shape));
  },
  slice: (random) => {
    const shape = anyShape(random, 1);
    // Of the batch, which is 1 at least, the first element and on is always there.
    const parts = shape.map((dim) => (dim === null ? restOf(random) : partOf(random, dim)));
    const attrs = {
      starts: parts.map(({ start }) => start),
      sizes: parts.map(({ size }) => size),
      strides: parts.map(({ stride }) => stride),
    };
    return use('slice', attrs, anyKind(random)(...shape));
  },
  pad: (random) => {
    const shape = anyShape(random, 1);
    // The batch is not padded: nothing would say where it ends.
    const pads = shape.map((dim): [number, number] =>
      dim === null ? [0, 0] : [whole(random, 0, 2), whole(random, 0, 2)],
    );
    const kind = anyKind(random);
    const value = kind === bool ? whole(random, 0, 1) : whole(random, -3, 3);
    return use('pad', { pads, value }, kind(...shape));
  },
  concat: (random) => {
    const shape = anyShape(random, 1);
    const axis = whole(random, shape[0] === null && shape.length > 1 ? 1 : 0, shape.length - 1);
    const kind = anyKind(random);
    const parts = Array.from({ length: whole(random, 1, 4) }, () =>
      shape.map((dim, i) => (i === axis && dim !== null ? whole(random, 1, 4) : dim)),
    );
    return use('concat', { axis }, ...parts.map((part) => kind(...part)));
  },
  reverse: (random) => {
    const shape = anyShape(random, 1);
    return use('reverse', { axes: someAxes(random, shape.length) }, anyKind(random)(...shape));
  },
  upsample: (random) => {
    const spatial = whole(random, 1, 3);
    const size = Array.from({ length: spatial }, () => whole(random, 1, 3));
    return use('upsample', { size }, float(batch(random), ...sizes(random, spatial + 1)));
  },

  matMul: (random) => {
    const [m, k, n] = sizes(random, 3) as [number, number, number];
    const attrs = { transposeA: chance(random, 0.5), transposeB: chance(random, 0.5) };
    const leading = anyShape(random, 0, 3);
    const [a, b] = chance(random, 0.5)
      ? [leading, smaller(random, leading)]
      : [smaller(random, leading), leading];
    return use(
      'matMul',
      attrs,
      float(...a, ...(attrs.transposeA ? [k, m] : [m, k])),
      float(...b, ...(attrs.transposeB ? [n, k] : [k, n])),
    );
  },
  gather: (random) => {
    const [rows, ...rest] = sizes(random, whole(random, 1, 3)) as [number, ...number[]];
    return use(
      'gather',
      {},
      anyKind(random)(rows, ...rest),
      int(0, rows, ...anyShape(random, 0, 3)),
    );
  },
  gatherGrad: (random) => {
    const [rows, ...rest] = sizes(random, whole(random, 1, 3)) as [number, ...number[]];
    const shape = anyShape(random, 0, 2);
    const inputs = [float(...shape, ...rest), int(0, rows, ...shape)];
    return chance(random, 0.5)
      ? use('gatherGrad', { rows }, ...inputs)
      : use('gatherGrad', { rows: null }, ...inputs, float(rows, ...rest));
  },
  positions: (random) => {
    const shape = anyShape(random, 1);
    return use('positions', { axis: whole(random, 0, shape.length - 1) }, float(...shape));
  },
  oneHot: (random) => {
    const depth = whole(random, 1, 5);
    return use('oneHot', { depth }, int(-1, depth + 2, ...anyShape(random, 0, 3)));
  },
};

function batch(random: Random): number | null {
  return chance(random, 0.5) ? null : whole(random, 1, 3);
}

/** A shape of known sizes that broadcasts to this one. */
function smaller(random: Random, shape: Shape): number[] {
  return shape
    .slice(chance(random, 0.4) ? whole(random, 0, shape.length) : 0)
    .map((dim) => (dim === null || chance(random, 0.3) ? 1 : dim));
}

/** Two shapes of equally many numbers; the second may leave one dimension open. */
function sameSize(random: Random): [Shape, Shape] {
  const factors = sizes(random, whole(random, 0, 4));
  const grouped = (numbers: readonly number[]): number[] => {
    const groups: number[] = [];
    for (const factor of numbers)
      if (groups.length === 0 || chance(random, 0.6)) groups.push(factor);
      else groups[groups.length - 1]! *= factor;
    return chance(random, 0.3) ? [...groups, 1] : groups;
  };
  const [from, to] = [
    grouped(factors),
    grouped(shuffled(random, factors.length).map((i) => factors[i]!)),
  ];
  if (chance(random, 0.5))
    return [
      [null, ...from],
      [null, ...to],
    ];
  if (to.length === 0 || chance(random, 0.5)) return [from, to];
  return [from, to.map((dim, i, all) => (i === all.length - 1 ? null : dim))];
}

/** Some of the elements of an axis, every so manieth. */
function partOf(
  random: Random,
  dim: number,
): { start: number; size: number | null; stride: number } {
  const start = whole(random, 0, dim - 1);
  const stride = whole(random, 1, 3);
  const most = Math.floor((dim - 1 - start) / stride) + 1;
  return { start, size: chance(random, 0.3) ? null : whole(random, 1, most), stride };
}

/** Of the batch: all, every so manieth, or the first alone. */
function restOf(random: Random): { start: number; size: number | null; stride: number } {
  return chance(random, 0.3)
    ? { start: 0, size: 1, stride: 1 }
    : { start: 0, size: null, stride: whole(random, 1, 2) };
}
