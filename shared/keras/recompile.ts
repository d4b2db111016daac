import type { TrainingSettings } from './training-settings.ts';

/** What Keras's `compile` takes, and the model: the training step is made of them. */
const compiled = [
  'model', 'optimizer', 'loss', 'loss_weights', 'metrics', 'weighted_metrics',
] as const; // prettier-ignore

/** A setting that the training step is made of. */
export type CompiledSetting = (typeof compiled)[number] | 'class_weight';

/**
 * The settings in which two trainings differ so that the step is compiled anew. Another learning rate or schedule goes
 * in with each step, and so do the weights of classes, unless there were none.
 */
export function changesOfStep(
  before: Omit<TrainingSettings, 'callbacks'>,
  after: Omit<TrainingSettings, 'callbacks'>,
): CompiledSetting[] {
  const plain = (settings: typeof before) => {
    const { learning_rate: _, ...config } = settings.optimizer.config;
    return { ...settings, optimizer: { ...settings.optimizer, config } };
  };
  const [old, own] = [plain(before), plain(after)];
  const weighted = (before.class_weight === null) !== (after.class_weight === null);
  return [
    ...compiled.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(own[key])),
    ...(weighted ? (['class_weight'] as const) : []),
  ];
}
