import { readFile } from 'node:fs/promises';
import { StudioError } from '../../shared/api/errors.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import type { NamedTensors } from '../../shared/program/tensor.ts';
import { decodeSafetensors } from '../formats/safetensors.ts';

/**
 * The weights that the settings give to begin with, those among them that stand in the place of `drawn` ones: same key,
 * shape and type. Throws a StudioError for a file that is not there, and an Error that names one that is broken.
 */
export async function givenWeights(
  { initial_weights: file }: Pick<TrainingSettings, 'initial_weights'>,
  drawn: NamedTensors,
): Promise<NamedTensors> {
  if (file === null) return {};
  const bytes = await readFile(file).catch((error: Error) => {
    throw new StudioError('NO_SUCH_WEIGHTS', `the initial weights can't be read: ${error.message}`);
  });
  const { tensors } = decodeSafetensors(bytes, file);
  return Object.fromEntries(
    Object.entries(tensors).filter(([key, { shape, dtype }]) => {
      const place = Object.hasOwn(drawn, key) ? drawn[key] : undefined;
      return place && place.dtype === dtype && String(place.shape) === String(shape);
    }),
  );
}
