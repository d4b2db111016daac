import type { Shape } from '../../../../shared/program/tensor.ts';
import { use, type Case } from './case.ts';
import { bool, float, given, int } from './inputs.ts';

function swapped(shape: Shape, swap: boolean): Shape {
  return swap ? [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!] : shape;
}

/** Each pair of shapes with every combination of flags; the operands are stored the way the flags say. */
const matMul: Case[] = (
  [
    [[null, 4], [4, 3]],
    [[1, 1], [1, 1]],
    [[3, null], [null, 2]],
    [[null, 2, 4], [null, 4, 3]],
    [[null, 2, 4], [4, 3]],
    [[2, 4], [null, 4, 3]],
    [[null, 1, 2, 4], [3, 4, 2]],
    [[2, 1, 2, 3, 2], [1, 3, 1, 2, 2]],
  ] as [Shape, Shape][]
).flatMap(([a, b]) =>
  [false, true].flatMap((transposeA) =>
    [false, true].map((transposeB) =>
      use(
        'matMul',
        { transposeA, transposeB },
        float(...swapped(a, transposeA)),
        float(...swapped(b, transposeB)),
      ),
    ),
  ),
); // prettier-ignore

const tables: Case[] = [
  use('gather', {}, float(5), int(0, 5)),
  use('gather', {}, float(5, 3), int(0, 5)),
  use('gather', {}, float(5, 3), int(0, 5, null)),
  use('gather', {}, float(5, 3), int(0, 5, null, 4)),
  use('gather', {}, float(4, 2, 3), int(0, 4, 2, 3)),
  use('gather', {}, int(-9, 9, 5, 2), int(0, 5, null)),
  use('gather', {}, bool(5, 2), int(0, 5, null)),
  use('gatherGrad', { rows: 5 }, float(), int(0, 5)),
  use('gatherGrad', { rows: 5 }, float(3), int(0, 5)),
  use('gatherGrad', { rows: 3 }, float(null, 4), int(0, 3, null)),
  use('gatherGrad', { rows: 4 }, float(null, 5, 2), int(0, 4, null, 5)),
  use('gatherGrad', { rows: 4 }, float(2, 3, 2, 3), int(0, 4, 2, 3)),
  use('gatherGrad', { rows: 3 }, float(4), given([2, 2, 2, 2], 'int32')),
  use('gatherGrad', { rows: null }, float(null, 2), int(0, 3, null), float(4, 2)),
  use('positions', { axis: 0 }, float(null, 3)),
  use('positions', { axis: 1 }, float(null, 3)),
  use('positions', { axis: 0 }, float(null, 3, 4, 2)),
  use('oneHot', { depth: 3 }, int(0, 3)),
  use('oneHot', { depth: 3 }, int(0, 3, null)),
  use('oneHot', { depth: 4 }, int(0, 4, null, 2)),
  use('oneHot', { depth: 3 }, given([-1, 0, 2, 3, -3, 100], 'int32')),
  use('oneHot', { depth: 1 }, int(0, 1, 2, 3)),
];

export const linearCases: readonly Case[] = [...matMul, ...tables];
