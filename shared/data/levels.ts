import type { ValueRange } from './augmentation.ts';
import { affineOf, channelsOf, type ColumnPreprocessing } from './preprocessing.ts';

/** The values that black and white have after preprocessing, by channel; of numbers, those of 0 and of 1 more. */
export interface Levels {
  readonly black: readonly number[];
  readonly white: readonly number[];
  /** Images have no values beyond these; numbers do. */
  readonly bounded: boolean;
}

/** Where black and white lie in a column's values as they come to the model. */
export function levelsOf(column: ColumnPreprocessing, numbers = 1): Levels {
  if (column.kind === 'numbers') {
    const black = Array.from({ length: numbers }, (_, i) => affineOf(column, i).offset);
    return { black, white: black.map((zero) => zero + 1), bounded: false };
  }
  const most = { uint8: 255, uint16: 65_535, float32: 1 }[column.dtype];
  const channels = Array.from({ length: channelsOf(column) }, (_, c) => affineOf(column, c));
  return {
    black: channels.map(({ offset }) => offset),
    white: channels.map(({ factor, offset }) => most * factor + offset),
    bounded: true,
  };
}

/** The least and the largest value of a column of images. */
export function rangeOf(column: ColumnPreprocessing): ValueRange {
  const { black, white } = levelsOf(column);
  return [Math.min(...black), Math.max(...white)];
}
