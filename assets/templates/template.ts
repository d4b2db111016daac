import type { ModelSpec } from '../../shared/keras/spec.ts';
import { trainingSettings, type TrainingSettings } from '../../shared/keras/training-settings.ts';

/** What a new project begins with. */
export interface Template {
  /** The project's name. */
  readonly name: string;
  readonly model: ModelSpec;
  /** The settings that are not the defaults. */
  readonly training: Partial<TrainingSettings> & Pick<TrainingSettings, 'model'>;
}

/** A template with all its settings. */
export function contentOf({ name, model, training }: Template) {
  return { name, model, training: trainingSettings.parse(training) };
}
