import type { OpAttrs, OpName } from './attributes.ts';

/** Numbers that a constant may have at most to be compared with others by value. */
const COMPARED_NUMBERS = 64;

/** Operations that take their two inputs in either order. */
const COMMUTATIVE: ReadonlySet<OpName> = new Set<OpName>(['add', 'mul', 'equal', 'and', 'or']);

/** A text that only nodes of equal work have; null for a large constant, which is like no other. */
export function nodeKey<K extends OpName>(
  op: K,
  inputs: readonly number[],
  attrs: OpAttrs[K],
): string | null {
  if (op === 'constant') return constantKey(attrs as OpAttrs['constant']);
  const [a, b] = inputs;
  const ids = COMMUTATIVE.has(op) && b! < a! ? [b, a] : inputs;
  return `${op} ${ids} ${JSON.stringify(attrs)}`;
}

function constantKey({ value }: OpAttrs['constant']): string | null {
  if (value.data.length > COMPARED_NUMBERS) return null;
  const numbers = Array.from(value.data, (x) => (Object.is(x, -0) ? '-0' : x));
  return `constant ${value.dtype} ${value.shape} ${numbers}`;
}
