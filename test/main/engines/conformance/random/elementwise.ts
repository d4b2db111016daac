import {
  ARITHMETIC,
  COMPARISON,
  LOGICAL,
  UNARY,
} from '../../../../../shared/program/attributes.ts';
import type { OpName } from '../../../../../shared/program/attributes.ts';
import type { Shape } from '../../../../../shared/program/tensor.ts';
import { use, type Case } from '../case.ts';
import { bool, divisor, float, int, negative, positive, ties, type Input } from '../inputs.ts';
import type { RandomCases } from '../random.ts';
import { anyShape, broadcasting, oneOf } from './shapes.ts';

type Kind = (...shape: Shape) => Input;

const integers: Kind = (...shape) => int(-9, 10, ...shape);
const OF_INTEGERS: readonly OpName[] = ['neg', 'abs', 'sign', 'square'];
const ONLY_POSITIVE: readonly OpName[] = ['log', 'log1p', 'sqrt'];

/** What the operands of each operation may be; where nothing is said, floats or integers. */
const OPERANDS: Partial<Record<(typeof ARITHMETIC)[number], readonly (readonly [Kind, Kind])[]>> = {
  div: [
    [float, positive],
    [float, negative],
    [integers, divisor],
  ],
  mod: [
    [float, positive],
    [float, negative],
    [integers, divisor],
  ],
  pow: [[positive, float]],
  max: [
    [float, float],
    [ties, ties],
    [integers, integers],
  ],
  min: [
    [float, float],
    [ties, ties],
    [integers, integers],
  ],
};

function each<Names extends readonly OpName[]>(
  names: Names,
  make: (op: Names[number]) => RandomCases[Names[number]],
): Pick<RandomCases, Names[number]> {
  return Object.fromEntries(names.map((op) => [op, make(op)])) as Pick<RandomCases, Names[number]>;
}

export const randomElementwise: Pick<
  RandomCases,
  | (typeof UNARY)[number]
  | (typeof ARITHMETIC)[number]
  | (typeof COMPARISON)[number]
  | (typeof LOGICAL)[number]
  | 'not'
  | 'cast'
  | 'select'
> = {
  ...each(UNARY, (op) => (random): Case => {
    const kinds = OF_INTEGERS.includes(op) ? [float, ties, integers] : [float, ties];
    const kind = ONLY_POSITIVE.includes(op) ? positive : oneOf(random, kinds);
    return use(op, {}, (op === 'reciprocal' ? positive : kind)(...anyShape(random)));
  }),
  ...each(ARITHMETIC, (op) => (random): Case => {
    const both = [
      [float, float],
      [integers, integers],
    ] as const;
    const [a, b] = oneOf(random, OPERANDS[op] ?? both);
    const [left, right] = broadcasting(random, 2) as [Shape, Shape];
    return use(op, {}, a(...left), b(...right));
  }),
  ...each(COMPARISON, (op) => (random): Case => {
    const kind = oneOf(random, op === 'equal' ? [ties, integers, bool] : [ties, integers]);
    const [left, right] = broadcasting(random, 2) as [Shape, Shape];
    return use(op, {}, kind(...left), kind(...right));
  }),
  ...each(LOGICAL, (op) => (random): Case => {
    const [left, right] = broadcasting(random, 2) as [Shape, Shape];
    return use(op, {}, bool(...left), bool(...right));
  }),
  not: (random) => use('not', {}, bool(...anyShape(random))),
  cast: (random) => {
    const dtype = oneOf(random, ['float32', 'int32', 'bool'] as const);
    return use(
      'cast',
      { dtype },
      oneOf(random, [float, ties, integers, bool])(...anyShape(random)),
    );
  },
  select: (random) => {
    const kind = oneOf(random, [float, integers, bool]);
    const [condition, a, b] = broadcasting(random, 3) as [Shape, Shape, Shape];
    return use('select', {}, bool(...condition), kind(...a), kind(...b));
  },
};
