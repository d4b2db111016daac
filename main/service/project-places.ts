import { resolve } from 'node:path';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';

/** Training settings of a project in this folder, with the file of initial weights by its absolute path. */
export function withPlaces(folder: string, training: TrainingSettings): TrainingSettings {
  const { initial_weights: file } = training;
  return file === null ? training : { ...training, initial_weights: resolve(folder, file) };
}
