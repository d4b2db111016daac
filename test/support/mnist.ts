import { openTrainingData, type TrainingData } from '../../main/data/training-data.ts';
import { trainingSettings } from '../../shared/keras/training-settings.ts';

/** All of MNIST, as a model without inputs and outputs would take it. */
export function openMnist(): Promise<TrainingData> {
  return openTrainingData({ inputs: [], outputs: [] }, trainingSettings.parse({ model: 'none' }));
}
