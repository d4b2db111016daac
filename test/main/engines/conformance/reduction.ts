import { REDUCE } from '../../../../shared/program/attributes.ts';
import { use, type Case } from './case.ts';
import { float, given, int, negative, ties, type Input } from './inputs.ts';

const reductions: Case[] = REDUCE.flatMap((op) => {
  const over = (axes: number[], ...inputs: Input[]) =>
    [false, true].map((keepDims) => use(op, { axes, keepDims }, ...inputs));
  return [
    ...over([0], float(4)),
    ...over([0], float(null, 3)),
    ...over([1], negative(null, 3)),
    ...over([0, 1], float(null, 3)),
    ...over([1, 2], float(null, 3, 2, 4)),
    ...over([0, 1, 2], float(null, 3, 2, 2)),
    ...over([0, 2, 4], float(2, 3, 2, 1, 3)),
    ...over([0, 1, 2, 3, 4], float(1, 2, 2, 1, 2)),
  ];
});

const integers: Case[] = (['reduceSum', 'reduceMax', 'reduceMin', 'reduceProd'] as const).flatMap(
  (op) => [
    use(op, { axes: [1], keepDims: false }, int(-5, 5, null, 4)),
    use(op, { axes: [0, 1], keepDims: true }, int(-5, 5, null, 2)),
  ],
);

const argMax: Case[] = [
  use('argMax', { axis: 0 }, float(5)),
  use('argMax', { axis: 1 }, ties(null, 6)),
  use('argMax', { axis: 0 }, ties(null, 6)),
  use('argMax', { axis: 1 }, negative(null, 4, 3)),
  use('argMax', { axis: 4 }, ties(2, 2, 1, 2, 5)),
  use('argMax', { axis: 1 }, int(-3, 3, null, 6)),
  use('argMax', { axis: 0 }, given([2, 5, 5, 1])),
];

const size: Case[] = [
  use('size', { axes: [0] }, float(null, 3)),
  use('size', { axes: [0, 1] }, float(null, 3)),
  use('size', { axes: [1, 2] }, float(null, 3, 4)),
  use('size', { axes: [] }, float(null, 3)),
  use('size', { axes: [0] }, int(0, 9, null)),
];

export const reductionCases: readonly Case[] = [...reductions, ...integers, ...argMax, ...size];
