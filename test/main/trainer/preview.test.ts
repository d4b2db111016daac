import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { preview } from '../../../main/trainer/preview.ts';
import {
  trainingSettings,
  type TrainingSettings,
} from '../../../shared/keras/training-settings.ts';
import { autoencoder, classifier } from './models.ts';

const look = (some: Record<string, unknown>, model = autoencoder) =>
  preview({
    model,
    settings: trainingSettings.parse({
      model: model.models.at(-1),
      limit: 5,
      ...some,
    }) satisfies TrainingSettings,
    samples: 5,
    versions: 3,
  });
const pixels = (png: Uint8Array) => [...decode(png).data];

describe('a preview', () => {
  test('shows samples as they are where nothing varies them', async () => {
    const { samples, shape, original, inputs, targets } = await look({});
    expect([samples, shape, inputs.length, targets]).toEqual([5, [28, 28, 1], 3, undefined]);
    expect([decode(original).width, decode(original).height]).toEqual([140, 28]);
    for (const input of inputs) expect(pixels(input)).toEqual(pixels(original));
  });

  test('shows every version of them, the same ones for the same seed', async () => {
    const augmentation = { rotation: 0.1, translation: 0.1 };
    const first = await look({ augmentation });
    expect(new Set([first.original, ...first.inputs].map((png) => String(pixels(png)))).size).toBe(
      4,
    );
    expect((await look({ augmentation })).inputs).toEqual(first.inputs);
    expect((await look({ augmentation, seed: 1 })).inputs).not.toEqual(first.inputs);
  });

  test('of denoising has noise on what goes in, and the clean image beside it', async () => {
    const { original, inputs, targets } = await look({
      task: 'denoise',
      noise: { kind: 'masking', amount: 0.5 },
    });
    expect(targets!.map(pixels)).toEqual([pixels(original), pixels(original), pixels(original)]);
    for (const input of inputs) {
      const lit = (png: Uint8Array) => pixels(png).filter((value) => value > 0).length;
      expect(lit(input) / lit(original)).toBeCloseTo(0.5, 1);
    }
  });

  test('says why there is none', async () => {
    await expect(look({}, classifier)).rejects.toThrow(
      /does not fit the model.*the task classify would fit/,
    );
  });
});
