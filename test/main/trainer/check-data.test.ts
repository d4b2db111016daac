import { expect, test } from 'vitest';
import type { Checkpoint } from '../../../main/formats/checkpoint.ts';
import { checkData } from '../../../main/trainer/resume.ts';
import type { RunData } from '../../../shared/data/run-data.ts';

const now: RunData = {
  name: 'shapes',
  hash: 'b'.repeat(64),
  samples: 90,
  task: 'reconstruct',
  split: 'by ratio: 20 % for validation',
  preprocessing: { numbers: { kind: 'numbers', normalize: null } },
  ties: [],
};
const checkpoint = (data: object) => ({ progress: { data } }) as unknown as Checkpoint;

test('a checkpoint goes on with its own data', () => {
  const { name, hash, samples } = now;
  checkData(now, checkpoint(now));
  checkData(now, checkpoint({ name: 'moved', hash, samples, split: undefined }));
  checkData({ ...now, name: 'elsewhere' }, checkpoint({ name, hash, samples }));
});

test.each([
  [{ hash: 'a'.repeat(64), samples: 89 }, /content of shapes .* 89 samples .*a{12}.* 90 samples/],
  [{ split: 'as given: train and test' }, /the split was as given: train and test; it is by ratio/],
  [
    { preprocessing: { numbers: { kind: 'numbers', normalize: { mean: [1], std: [2] } } } },
    /preprocessing numbers\.normalize was \{"mean":\[1\],"std":\[2\]\}; it is null/,
  ],
])('other data are refused by name: %o', (change, message) => {
  expect(() => checkData(now, checkpoint({ ...now, ...change }))).toThrow(message);
});
