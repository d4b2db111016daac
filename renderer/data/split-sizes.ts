import type { DatasetFacts } from '../../shared/api/data.ts';
import type { Split } from '../../shared/data/split.ts';

/** A part of a dataset, and how many samples it has. */
export interface SplitPart {
  /** `rest` is given but used for nothing. */
  readonly name: 'train' | 'validation' | 'test' | 'rest';
  readonly size: number;
}

/** How a dataset's samples are used. */
export interface SplitSizes {
  /** Whether the parts are those of the dataset. */
  readonly given: boolean;
  /** Training, validation, test and the rest, in this order. */
  readonly parts: readonly SplitPart[];
  /** The samples that shares are taken of. */
  readonly pool: number;
}

/** How many samples each part will have; where classes are split alike, give or take one a class. */
export function splitSizes(splits: DatasetFacts['splits'], settings: Split): SplitSizes {
  const sizeOf = (name: string) => splits.find((one) => one.name === name)?.size ?? 0;
  const pool = sizeOf('train') || sizeOf('all') || (splits.length === 1 ? splits[0]!.size : 0);
  const judged = sizeOf('validation') > 0 ? 'validation' : 'test';
  const all = splits.reduce((sum, { size }) => sum + size, 0);
  const given = pool > 0 && sizeOf(judged) > 0 && sizeOf(judged) < all && settings.by !== 'ratio';
  if (given) {
    const test = judged === 'validation' ? sizeOf('test') : 0;
    return {
      given,
      pool,
      parts: [
        { name: 'train', size: pool },
        { name: 'validation', size: sizeOf(judged) },
        { name: 'test', size: test },
        { name: 'rest', size: all - pool - sizeOf(judged) - test },
      ],
    };
  }
  const validation = Math.round(pool * settings.validation);
  const test = Math.round(pool * settings.test);
  return {
    given,
    pool,
    parts: [
      { name: 'train', size: pool - validation - test },
      { name: 'validation', size: validation },
      { name: 'test', size: test },
      { name: 'rest', size: all - pool },
    ],
  };
}
