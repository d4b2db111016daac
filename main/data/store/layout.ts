import { hash } from 'node:crypto';
import {
  imageShapeOf,
  importPart,
  type ImagePreprocessing,
  type Preprocessing,
} from '../../../shared/data/preprocessing.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { dataError } from '../dataset.ts';
import type { SourceColumn } from '../source.ts';

/** Changes when what the files of the cache hold changes. */
const VERSION = 5;

/** A column that is kept as records of one size. Classes are kept apart: see Snapshot. */
export type StoredColumn = StoredImages | StoredNumbers;

export interface StoredImages extends Stored {
  readonly kind: 'image';
  readonly to: ImagePreprocessing;
}

export interface StoredNumbers extends Stored {
  readonly kind: 'numbers';
}

interface Stored {
  readonly name: string;
  readonly dtype: 'uint8' | 'uint16' | 'float32';
  /** Of one record. */
  readonly shape: readonly number[];
  /** Of one record. */
  readonly bytes: number;
}

/** What an entry of the cache holds: the columns, in order. */
export interface Layout {
  readonly columns: readonly StoredColumn[];
  /** Equal for equal layouts: their records can be copied from one to the other. */
  readonly key: string;
}

/** The layout for these columns; the numbers' shapes are given by column. Throws a StudioError. */
export function layoutOf(
  source: readonly SourceColumn[],
  preprocessing: Preprocessing,
  numbers: Readonly<Record<string, readonly number[]>>,
): Layout {
  const columns = source.flatMap(({ name, kind }): StoredColumn[] => {
    if (kind === 'class') return [];
    const to = preprocessing[name];
    if (to?.kind !== kind)
      throw dataError(`the column ${name} holds ${kind}; its preprocessing is for ${to?.kind}`);
    if (to.kind === 'numbers') {
      const shape = numbers[name] ?? [];
      return [{ name, kind: 'numbers', dtype: 'float32', shape, bytes: sizeOf(shape) * 4 }];
    }
    const shape = imageShapeOf(to);
    const bytes = sizeOf(shape) * { uint8: 1, uint16: 2, float32: 4 }[to.dtype];
    return [{ name, kind: 'image', to, dtype: to.dtype, shape, bytes }];
  });
  const parts = columns.map((column) => [
    column.name,
    column.shape,
    importPart(preprocessing[column.name]!),
  ]);
  return { columns, key: hash('sha256', JSON.stringify([VERSION, parts])).slice(0, 24) };
}

/** Bytes of one sample in the cache. */
export function recordBytes({ columns }: Layout): number {
  return columns.reduce((sum, { bytes }) => sum + bytes, 0);
}
