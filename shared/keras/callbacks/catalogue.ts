import { SpecError, type JsonObject } from '../spec.ts';
import type { Callback } from './callback.ts';
import { earlyStopping } from './early-stopping.ts';
import { learningRateScheduler } from './learning-rate-scheduler.ts';
import { modelCheckpoint } from './model-checkpoint.ts';
import type { DirectionOf } from './monitor.ts';
import { reduceLROnPlateau } from './reduce-lr-on-plateau.ts';
import type { CallbackSetting } from './settings.ts';

/** The logic of a callback; null for those that only write or tell. Throws a SpecError for what can't be. */
export function createCallback(
  setting: CallbackSetting,
  directionOf: DirectionOf,
): Callback | null {
  switch (setting.class_name) {
    case 'EarlyStopping':
      return earlyStopping(setting.config, directionOf);
    case 'ReduceLROnPlateau':
      return reduceLROnPlateau(setting.config, directionOf);
    case 'LearningRateScheduler':
      return learningRateScheduler(setting.config);
    case 'ModelCheckpoint':
      return modelCheckpoint(setting.config, directionOf);
    default:
      return null;
  }
}

/**
 * Throws a SpecError where a callback sets the learning rate of an optimizer whose rate is a schedule: it can't be set,
 * as in Keras.
 */
export function checkLearningRate(
  callbacks: readonly CallbackSetting[],
  optimizer: { readonly class_name: string; readonly config: JsonObject },
): void {
  const rate = optimizer.config['learning_rate'];
  const setter = callbacks.find(
    ({ class_name }) =>
      class_name === 'ReduceLROnPlateau' || class_name === 'LearningRateScheduler',
  );
  if (!setter || typeof rate !== 'object' || rate === null) return;
  const schedule = String((rate as JsonObject)['class_name']);
  throw new SpecError(
    `callbacks/${setter.class_name}`,
    `the learning rate of ${optimizer.class_name} follows ${schedule} and can't be set; expected a number as its learning rate`,
  );
}
