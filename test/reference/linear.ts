import type { OpAttrs } from '../../shared/program/attributes.ts';
import { broadcastShapes } from '../../shared/program/shapes.ts';
import { at, atBroadcast, filled, from, indexOf, positionOf, type Numbers } from './numbers.ts';

/** The product of the last two axes; the leading axes broadcast. */
export function matMul(
  a: Numbers,
  b: Numbers,
  { transposeA, transposeB }: OpAttrs['matMul'],
): Numbers {
  const [rows, inner] = lastTwo(a, transposeA);
  const [, columns] = lastTwo(b, transposeB);
  const leading = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2)) as number[];
  return from([...leading, rows, columns], 'float32', (index) => {
    const outer = index.slice(0, -2);
    const [i, j] = index.slice(-2) as [number, number];
    let sum = 0;
    for (let k = 0; k < inner; k++)
      sum +=
        atBroadcast(a, [...outer, ...(transposeA ? [k, i] : [i, k])]) *
        atBroadcast(b, [...outer, ...(transposeB ? [j, k] : [k, j])]);
    return sum;
  });
}

function lastTwo(x: Numbers, swap: boolean): [number, number] {
  const [rows, columns] = x.shape.slice(-2) as [number, number];
  return swap ? [columns, rows] : [rows, columns];
}

/** Rows of a table by their numbers. */
export function gather(table: Numbers, indices: Numbers): Numbers {
  const rank = indices.shape.length;
  return from([...indices.shape, ...table.shape.slice(1)], table.dtype, (index) =>
    at(table, [at(indices, index.slice(0, rank)), ...index.slice(rank)]),
  );
}

/** The gradient of `gather` for its table: each row gets the sum of what its uses got. */
export function gatherGrad(dy: Numbers, indices: Numbers, rows: number): Numbers {
  const rank = indices.shape.length;
  const result = filled([rows, ...dy.shape.slice(rank)]);
  for (let position = 0; position < dy.data.length; position++) {
    const index = indexOf(dy.shape, position);
    const row = at(indices, index.slice(0, rank));
    const to = positionOf(result.shape, [row, ...index.slice(rank)]);
    result.data[to]! += dy.data[position]!;
  }
  return result;
}

export function oneHot(indices: Numbers, depth: number): Numbers {
  return from([...indices.shape, depth], 'float32', (index) =>
    Number(at(indices, index.slice(0, -1)) === index.at(-1)),
  );
}
