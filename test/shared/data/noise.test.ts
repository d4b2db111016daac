import { describe, expect, test } from 'vitest';
import { levelsOf } from '../../../shared/data/levels.ts';
import { addNoise, type Noise, type NoiseKey } from '../../../shared/data/noise.ts';
import type { ImagePreprocessing } from '../../../shared/data/preprocessing.ts';

const key: NoiseKey = { seed: 1, purpose: 'train/image', sample: 3, step: 5 };
const grey: ImagePreprocessing = {
  kind: 'image', size: [100, 100], fit: 'crop', interpolation: 'bilinear', color: 'grey', background: 0,
  dtype: 'uint8', scale: 'unit', normalize: null,
}; // prettier-ignore

function noisy(noise: Noise, preprocessing = grey, given: Partial<NoiseKey> = {}, value = 0.5) {
  const levels = levelsOf(preprocessing);
  const values = new Float32Array(100 * 100 * levels.black.length).fill(value);
  addNoise(values, noise, levels, { ...key, ...given });
  return values;
}
const share = (values: Float32Array, of: (value: number) => boolean) =>
  values.filter(of).length / values.length;

describe('noise', () => {
  test('gaussian has the deviation that is asked for, and is cut at black and white', () => {
    const values = noisy({ kind: 'gaussian', amount: 0.1 });
    const mean = values.reduce((a, b) => a + b) / values.length;
    const deviation = Math.sqrt(
      values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length,
    );
    expect(mean).toBeCloseTo(0.5, 2);
    expect(deviation).toBeCloseTo(0.1, 2);
    const cut = noisy({ kind: 'gaussian', amount: 1 });
    expect([Math.min(...cut), Math.max(...cut)]).toEqual([0, 1]);
  });

  test('salt and pepper turns whole pixels, half of them to either side', () => {
    const rgb: ImagePreprocessing = { ...grey, color: 'rgb', scale: 'signed' };
    const values = noisy({ kind: 'salt-and-pepper', amount: 0.4 }, rgb, {}, 0);
    expect(share(values, (value) => value === -1)).toBeCloseTo(0.2, 1);
    expect(share(values, (value) => value === 1)).toBeCloseTo(0.2, 1);
    for (let i = 0; i < values.length; i += 3)
      expect(values[i + 1] === values[i] && values[i + 2] === values[i]).toBe(true);
  });

  test('masking turns values to what 0 is after preprocessing', () => {
    const normal: ImagePreprocessing = { ...grey, normalize: { mean: [0.25], std: [0.5] } };
    const values = noisy({ kind: 'masking', amount: 0.3 }, normal);
    expect(share(values, (value) => value === -0.5)).toBeCloseTo(0.3, 1);
    expect(share(values, (value) => value === 0.5)).toBeCloseTo(0.7, 1);
  });

  test('depends on seed, sample, step and purpose alone', () => {
    const noise: Noise = { kind: 'gaussian', amount: 0.2 };
    expect(noisy(noise)).toEqual(noisy(noise));
    for (const other of [{ seed: 2 }, { sample: 4 }, { step: 6 }, { purpose: 'validation/image' }])
      expect(noisy(noise, grey, other)).not.toEqual(noisy(noise));
  });
});

test('black and white of every scaling', () => {
  expect(levelsOf(grey)).toEqual({ black: [0], white: [1], bounded: true });
  expect(levelsOf({ ...grey, scale: 'none' }).white).toEqual([255]);
  expect(levelsOf({ ...grey, scale: 'none', dtype: 'uint16' }).white).toEqual([65535]);
  const normal = levelsOf({
    ...grey,
    color: 'rgb',
    normalize: { mean: [0, 0.5, 1], std: [1, 0.5, 0.5] },
  });
  expect(normal).toEqual({ black: [0, -1, -2], white: [1, 1, 0], bounded: true });
});
