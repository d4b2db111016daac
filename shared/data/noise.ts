import { z } from 'zod';
import { createRandom } from '../random.ts';
import type { Levels } from './levels.ts';

/** What the task `denoise` adds to the inputs. */
export const noise = z.strictObject({
  /**
   * `gaussian`: normal noise, cut to black and white; `salt-and-pepper`: pixels that turn black or white; `masking`:
   * values that turn 0 before scaling.
   */
  kind: z.enum(['gaussian', 'salt-and-pepper', 'masking']).default('gaussian'),
  /** The deviation as a share of the range from black to white, of numbers as it is; the share of what turns. */
  amount: z.number().min(0).max(1).default(0.3),
});

export type Noise = z.infer<typeof noise>;

/** Which noise of all is meant: it depends on these alone. */
export interface NoiseKey {
  readonly seed: number;
  /** What it is for: `train/image`. */
  readonly purpose: string;
  /** The sample's number in its dataset. */
  readonly sample: number;
  /** Optimizer updates so far; 0 for noise that stays the same. */
  readonly step: number;
}

/**
 * Adds noise to one sample in place: `values` hold its channels last, as many as `levels` has. A pixel turns black or
 * white in all its channels at once.
 */
export function addNoise(values: Float32Array, noise: Noise, levels: Levels, key: NoiseKey): void {
  const random = createRandom(key.seed, `noise/${key.purpose}/${key.sample}`, key.step);
  const { black, white, bounded } = levels;
  const channels = black.length;
  const { amount } = noise;
  switch (noise.kind) {
    case 'gaussian': {
      const drawn = random.normal(values.length);
      for (let i = 0; i < values.length; i++) {
        const [low, high] = [black[i % channels]!, white[i % channels]!];
        const value = values[i]! + drawn[i]! * amount * (high - low);
        values[i] = bounded ? Math.min(Math.max(value, low), high) : value;
      }
      return;
    }
    case 'salt-and-pepper': {
      const drawn = random.uniform(values.length / channels);
      drawn.forEach((chance, pixel) => {
        if (chance >= amount) return;
        values.set(chance < amount / 2 ? black : white, pixel * channels);
      });
      return;
    }
    case 'masking': {
      const drawn = random.uniform(values.length);
      for (let i = 0; i < values.length; i++)
        if (drawn[i]! < amount) values[i] = black[i % channels]!;
    }
  }
}
