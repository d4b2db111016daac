import type { Proof } from '../../shared/api/contract.ts';
import type { ModelSpec } from '../../shared/keras/spec.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
export async function prove(_model: ModelSpec, _settings: TrainingSettings): Promise<Proof> {
  throw new Error('later');
}
