import { ARITHMETIC, COMPARISON, LOGICAL, UNARY } from '../../../../shared/program/attributes.ts';
import { use, type Case } from './case.ts';
import {
  bool,
  divisor,
  float,
  given,
  int,
  negative,
  positive,
  ties,
  type Input,
} from './inputs.ts';

const ONLY_POSITIVE: readonly string[] = ['log', 'log1p', 'sqrt'];
const OF_INTEGERS = ['neg', 'abs', 'sign', 'square'] as const;
/** Far out and at the joints, where a careless formula overflows or takes the wrong branch. */
const EDGES = [-100, -30, -2.5, -1.5, -1, -0.5, 0, 1e-4, 0.5, 1, 1.5, 2.5, 30, 100];

const unary: Case[] = UNARY.flatMap((op) => {
  const kind = ONLY_POSITIVE.includes(op) ? positive : float;
  const edges = ONLY_POSITIVE.includes(op) ? EDGES.filter((x) => x >= 0) : EDGES;
  return [
    use(op, {}, kind()),
    use(op, {}, kind(null, 3)),
    use(op, {}, kind(2, 2, 1, 3, 2)),
    use(op, {}, given(op === 'exp' || op === 'expm1' ? edges.filter((x) => x < 50) : edges)),
  ];
});

const integers: Case[] = OF_INTEGERS.map((op) => use(op, {}, int(-9, 9, null, 3)));

type Kind = (...shape: (number | null)[]) => Input;

/** Equal shapes, scalars, and every way of broadcasting. */
function pairs(a: Kind, b: Kind): [Input, Input][] {
  return [
    [a(), b()],
    [a(null, 3), b(null, 3)],
    [a(null, 3), b()],
    [a(), b(null, 3)],
    [a(null, 2, 3), b(3)],
    [a(3), b(null, 2, 3)],
    [a(4, 1), b(1, 5)],
    [a(null, 1, 3), b(2, 1)],
    [a(2, 3, 1, 2, 1), b(3, 4, 1, 2)],
  ];
}

const kindsOf: Partial<Record<(typeof ARITHMETIC)[number], [Kind, Kind][]>> = {
  div: [
    [float, positive],
    [float, negative],
  ],
  pow: [[positive, float]],
  mod: [
    [float, positive],
    [float, negative],
    [ties, () => given([1.5])],
  ],
  max: [
    [float, float],
    [ties, ties],
  ],
  min: [
    [float, float],
    [ties, ties],
  ],
};

const arithmetic: Case[] = ARITHMETIC.flatMap((op) =>
  (kindsOf[op] ?? [[float, float]]).flatMap(([a, b]) =>
    pairs(a, b).map((inputs) => use(op, {}, ...inputs)),
  ),
);

const integerArithmetic: Case[] = (
  ['add', 'sub', 'mul', 'div', 'max', 'min', 'mod'] as const
).flatMap((op) => [
  use(op, {}, int(-9, 9, null, 6), divisor(6)),
  use(op, {}, int(-9, 9, 5, 1), divisor(1, 4)),
  use(op, {}, given([7, -7, 7, -7, 6, -6], 'int32'), given([3, 3, -3, -3, 3, -3], 'int32')),
]);

const special: Case[] = [
  use('pow', {}, given([-2, -2, -1.5, 0, 0, 3]), given([2, 3, 2, 0, 2, -1])),
  use('mod', {}, given([7, -7, 7, -7, 6, -6]), given([3, 3, -3, -3, 3, -3])),
  use('div', {}, given([1, -1, 0]), given([0, 0, 0])),
  // Integers that single precision can't tell apart.
  use('add', {}, given([16777217, -2000000001], 'int32'), given([2, 1], 'int32')),
  use('sub', {}, given([2000000003], 'int32'), given([1], 'int32')),
];

const comparisons: Case[] = COMPARISON.flatMap((op) => [
  ...pairs(ties, ties).map((inputs) => use(op, {}, ...inputs)),
  use(op, {}, int(-2, 3, null, 4), int(-2, 3, 4)),
  use(op, {}, given([16777217, 16777216, 5], 'int32'), given([16777216, 16777217, 5], 'int32')),
]);

const logic: Case[] = [
  ...LOGICAL.flatMap((op) => pairs(bool, bool).map((inputs) => use(op, {}, ...inputs))),
  use('equal', {}, bool(null, 4), bool(4)),
  use('not', {}, bool()),
  use('not', {}, bool(null, 4)),
  use('not', {}, bool(2, 1, 2, 2, 2)),
];

const casts: Case[] = [
  use('cast', { dtype: 'int32' }, given([-2.7, -2, -0.5, 0, 0.5, 1.9, 2.5, 16777216])),
  use('cast', { dtype: 'bool' }, given([-2.7, -0.4, 0, 0.4, 1, 2])),
  use('cast', { dtype: 'bool' }, int(-1, 2, null, 5)),
  use('cast', { dtype: 'float32' }, int(-9, 9, null, 5)),
  use('cast', { dtype: 'float32' }, bool(null, 5)),
  use('cast', { dtype: 'int32' }, bool(2, 3)),
  use('cast', { dtype: 'float32' }, bool()),
];

const selects: Case[] = [
  use('select', {}, bool(), float(), float()),
  use('select', {}, bool(null, 3), float(null, 3), float(null, 3)),
  use('select', {}, bool(null, 3), float(), float(3)),
  use('select', {}, bool(2, 1), float(1, 4), float()),
  use('select', {}, bool(3), float(null, 1, 1), float(2, 1)),
  use('select', {}, bool(2, 1, 2, 1, 2), float(3, 1, 2, 1), float(2, 1, 1, 1, 1)),
  use('select', {}, bool(null, 3), int(-9, 9, null, 3), int(-9, 9, 3)),
  use('select', {}, bool(null, 3), bool(null, 3), bool(3)),
  // What is not chosen must not shine through, whatever it is.
  use('select', {}, given([0, 1, 0], 'bool'), given([NaN, 1, Infinity]), given([2, NaN, 3])),
];

export const elementwiseCases: readonly Case[] = [
  ...unary, ...integers, ...arithmetic, ...integerArithmetic, ...special,
  ...comparisons, ...logic, ...casts, ...selects,
]; // prettier-ignore
