import type { DatasetFacts } from '../../shared/api/data.ts';

/** How many samples there are to train on: those of the part that is given for it, else all. */
export function trainSamples({ splits, samples }: DatasetFacts): number {
  return splits.find(({ name }) => name === 'train')?.size ?? samples;
}
