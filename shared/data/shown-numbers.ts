import type { DataColumn } from '../api/data.ts';

/** One of the numbers that a list of samples without images shows. */
export interface ShownNumber {
  readonly column: string;
  /** Its place in the column's value, in C order. */
  readonly index: number;
  /** `price`, or `features[3]` where the column has several numbers. */
  readonly name: string;
}

/** Numbers of a sample that are shown at most. */
const SHOWN = 12;

/** The numbers that are shown of samples with these columns: of each column as many. */
export function shownNumbers(columns: readonly DataColumn[]): ShownNumber[] {
  const numbers = columns.filter(({ kind }) => kind === 'numbers').slice(0, SHOWN);
  const each = Math.floor(SHOWN / Math.max(1, numbers.length));
  return numbers.flatMap(({ name: column, shape = [] }) => {
    const size = shape.reduce((product, dim) => product * dim, 1);
    return Array.from({ length: Math.min(size, each) }, (_, index) => ({
      column,
      index,
      name: size === 1 ? column : `${column}[${index}]`,
    }));
  });
}
