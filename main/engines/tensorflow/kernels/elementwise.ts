import { UNARY } from '../../../../shared/program/attributes.ts';
import type { ARITHMETIC, COMPARISON, LOGICAL } from '../../../../shared/program/attributes.ts';
import { each, type Kernels, type Tf } from './kernel.ts';

type Names =
  | (typeof UNARY)[number]
  | (typeof ARITHMETIC)[number]
  | (typeof COMPARISON)[number]
  | (typeof LOGICAL)[number]
  | 'not'
  | 'cast'
  | 'select';

export function elementwise(tf: Tf): Kernels<Names> {
  return {
    ...each(
      UNARY,
      (op) =>
        ([x]) =>
          tf[op](x!),
    ),
    add: ([a, b]) => tf.add(a!, b!),
    sub: ([a, b]) => tf.sub(a!, b!),
    mul: ([a, b]) => tf.mul(a!, b!),
    div: ([a, b]) => tf.div(a!, b!),
    max: ([a, b]) => tf.maximum(a!, b!),
    min: ([a, b]) => tf.minimum(a!, b!),
    pow: ([a, b]) => tf.pow(a!, b!),
    mod: ([a, b]) => tf.mod(a!, b!),
    equal: ([a, b]) => tf.equal(a!, b!),
    less: ([a, b]) => tf.less(a!, b!),
    lessEqual: ([a, b]) => tf.lessEqual(a!, b!),
    and: ([a, b]) => tf.logicalAnd(a!, b!),
    or: ([a, b]) => tf.logicalOr(a!, b!),
    not: ([x]) => tf.logicalNot(x!),
    cast: ([x], { dtype }) => tf.cast(x!, dtype),
    select: ([condition, a, b]) => tf.where(condition!, a!, b!),
  };
}
