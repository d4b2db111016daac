import type { REDUCE, ReduceAttrs } from '../../shared/program/attributes.ts';
import { at, filled, from, indexOf, type Numbers } from './numbers.ts';

const collapse: Record<(typeof REDUCE)[number], (values: readonly number[]) => number> = {
  reduceSum: sum,
  reduceMean: (values) => sum(values) / values.length,
  reduceMax: (values) => values.reduce((a, b) => Math.max(a, b), -Infinity),
  reduceMin: (values) => values.reduce((a, b) => Math.min(a, b), Infinity),
  reduceProd: (values) => values.reduce((a, b) => a * b, 1),
};

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

/** Gathers the elements of each result in a list, then collapses it to one number. */
export function reduce(
  op: keyof typeof collapse,
  x: Numbers,
  { axes, keepDims }: ReduceAttrs,
): Numbers {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const lists = Array.from(filled(kept).data, (): number[] => []);
  for (let position = 0; position < x.data.length; position++) {
    const index = indexOf(x.shape, position);
    let to = 0;
    for (const [axis, size] of kept.entries())
      to = to * size + (axes.includes(axis) ? 0 : index[axis]!);
    lists[to]!.push(x.data[position]!);
  }
  const shape = keepDims ? kept : x.shape.filter((_, axis) => !axes.includes(axis));
  return { shape, dtype: x.dtype, data: lists.map(collapse[op]) };
}

/** The position of the first largest element along an axis. */
export function argMax(x: Numbers, axis: number): Numbers {
  const shape = x.shape.filter((_, i) => i !== axis);
  return from(shape, 'int32', (index) => {
    let best = 0;
    const element = (i: number) => at(x, index.toSpliced(axis, 0, i));
    for (let i = 1; i < x.shape[axis]!; i++) if (element(i) > element(best)) best = i;
    return best;
  });
}
