import { formatShape, sizeOf, type DType, type Shape } from '../program/tensor.ts';
import type { InputPort, OutputPort } from './ports.ts';

/** What the samples hold under one name, as it comes to the model. */
export interface ShapedColumn {
  readonly name: string;
  readonly kind: 'image' | 'class' | 'numbers';
  /** Of one value. A dimension is null where it becomes what the model asks for. */
  readonly shape: Shape;
  readonly classes?: readonly string[];
}

/**
 * How a column's value becomes what a model takes: its numbers, reshaped where as many are wanted; the class as its
 * index, as a one-hot vector, or as the number that is its name.
 */
export type Conversion = 'values' | 'index' | 'one-hot' | 'number';

/** What one input takes, or an output learns from. */
export interface Want {
  /** With the batch first. */
  readonly shape: Shape;
  readonly dtype: DType;
  readonly output: boolean;
  /** How many classes an output tells apart, where its loss compares class numbers. */
  readonly classes?: number | null;
}

/** What an input takes. */
export const wantOfInput = ({ shape, dtype }: InputPort): Want => ({
  shape,
  dtype,
  output: false,
});

/** What an output learns from: a tensor like its own, or class numbers for a loss that compares those. */
export function wantOfOutput({ shape, sparse }: OutputPort): Want {
  return sparse
    ? { shape: shape.slice(0, -1), dtype: 'int32', output: true, classes: shape.at(-1) ?? null }
    : { shape, dtype: 'float32', output: true };
}

/** How these columns, one or several stacked, become what is wanted; null when they do not. */
export function conversionOf(
  want: Want,
  columns: readonly ShapedColumn[],
  task: { readonly regress: boolean } = { regress: false },
): Conversion | null {
  const [column, ...more] = columns;
  if (!column) return null;
  const inner = want.shape.slice(1);
  if (more.length > 0)
    return inner.length === 1 && inner[0] === numbersIn(columns) ? 'values' : null;
  const takes = (shape: Shape) => sameOrAsMany(inner, shape);
  switch (column.kind) {
    case 'image':
      return want.dtype === 'float32' && takes(column.shape) ? 'values' : null;
    case 'numbers':
      return takes(column.shape) ? 'values' : null;
    case 'class':
      return classConversion(want, inner, column.classes ?? [], task.regress);
  }
}

function classConversion(
  { dtype, output, classes: known }: Want,
  inner: Shape,
  classes: readonly string[],
  regress: boolean,
): Conversion | null {
  const one = inner.every((dim) => dim === 1);
  if (regress)
    return one && dtype === 'float32' && classes.every(isNumber) && classes.length > 0
      ? 'number'
      : null;
  if (dtype === 'int32') return one && (known == null || known >= classes.length) ? 'index' : null;
  if (one && inner.length === 1 && classes.length <= 2) return 'index';
  const fits = output ? inner[0]! >= classes.length : inner[0] === classes.length;
  return inner.length === 1 && fits ? 'one-hot' : null;
}

const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));

/** Whether a value of this shape can be taken as it is, or (its size known) reshaped to a vector or from a scalar. */
function sameOrAsMany(inner: Shape, shape: Shape): boolean {
  const same =
    inner.length === shape.length &&
    inner.every((dim, axis) => dim === null || shape[axis] === null || dim === shape[axis]);
  if (same) return true;
  const [wanted, given] = [sizeOf(inner), sizeOf(shape)];
  return wanted !== null && wanted === given && (inner.length <= 1 || shape.length <= 1);
}

/** How many numbers these columns hold together; null where one is no column of numbers. */
export function numbersIn(columns: readonly ShapedColumn[]): number | null {
  return columns.reduce<number | null>((sum, { kind, shape }) => {
    const size = kind === 'numbers' ? sizeOf(shape) : null;
    return sum === null || size === null ? null : sum + size;
  }, 0);
}

/** Whether a column holds one number a sample. */
export function isScalar({ kind, shape }: ShapedColumn): boolean {
  return kind === 'numbers' && sizeOf(shape) === 1;
}

/** What a column holds, for people: `image (28, 28, 1)`, `label (10 classes)`. */
export function describeColumn({ name, kind, shape, classes }: ShapedColumn): string {
  if (kind === 'class') return `${name} (${classes?.length ?? 0} classes)`;
  if (shape.length === 0) return `${name} (a number)`;
  return `${name} ${formatShape(shape).replaceAll('None', 'any')}`;
}
