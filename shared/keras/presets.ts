import { callbackSettings } from './callbacks/settings.ts';
import type { TrainingSettings } from './training-settings.ts';

/** Settings that go well together. */
export const presetNames = [
  'quick',
  'standard',
  'careful',
  'cosine',
  'momentum',
  'overnight',
] as const;

export type PresetName = (typeof presetNames)[number];

const nan = { class_name: 'TerminateOnNaN' };
const best = {
  class_name: 'ModelCheckpoint',
  config: { filepath: 'models/best.safetensors', save_best_only: true },
};
const stopping = (patience: number) => ({
  class_name: 'EarlyStopping',
  config: { patience, restore_best_weights: true },
});
const plateau = (patience: number) => ({
  class_name: 'ReduceLROnPlateau',
  config: { factor: 0.5, patience, min_lr: 1e-6 },
});

type Changed = Pick<TrainingSettings, 'epochs' | 'limit' | 'optimizer'>;

const presets: Readonly<
  Record<
    PresetName,
    (samples: number, settings: TrainingSettings) => Changed & { callbacks: unknown[] }
  >
> = {
  quick: () => ({ epochs: 2, limit: 2000, optimizer: optimizer('Adam', 0.001), callbacks: [nan] }),
  standard: () => ({
    epochs: 10,
    limit: null,
    optimizer: optimizer('Adam', 0.001),
    callbacks: [nan],
  }),
  careful: () => ({
    epochs: 100,
    limit: null,
    optimizer: optimizer('Adam', 0.001),
    callbacks: [nan, plateau(4), stopping(10), best],
  }),
  cosine: (samples, { batch_size: batch }) => {
    const epochs = 30;
    const steps = epochs * Math.ceil(samples / batch);
    const warmup_steps = Math.round(steps * 0.05);
    return {
      epochs,
      limit: null,
      optimizer: {
        class_name: 'AdamW',
        config: {
          learning_rate: {
            class_name: 'CosineDecay',
            config: {
              initial_learning_rate: 0,
              warmup_target: 0.001,
              warmup_steps,
              decay_steps: Math.max(1, steps - warmup_steps),
            },
          },
        },
      },
      callbacks: [nan, best],
    };
  },
  momentum: () => ({
    epochs: 60,
    limit: null,
    optimizer: {
      class_name: 'SGD',
      config: { learning_rate: 0.01, momentum: 0.9, nesterov: true },
    },
    callbacks: [nan, plateau(5), stopping(15)],
  }),
  overnight: () => ({
    epochs: 500,
    limit: null,
    optimizer: optimizer('AdamW', 0.001),
    callbacks: [
      nan,
      plateau(10),
      stopping(30),
      best,
      { class_name: 'CSVLogger' },
      { class_name: 'TensorBoard' },
      { class_name: 'DesktopNotification' },
    ],
  }),
};

/**
 * The settings with what a preset says: epochs, limit, optimizer with its learning rate, callbacks. Schedules are laid
 * out for so many training samples.
 */
export function withPreset(
  settings: TrainingSettings,
  name: PresetName,
  samples: number,
): TrainingSettings {
  const { callbacks, ...changed } = presets[name](samples, settings);
  return { ...settings, ...changed, callbacks: callbackSettings.parse(callbacks) };
}

function optimizer(class_name: string, learning_rate: number): TrainingSettings['optimizer'] {
  return { class_name, config: { learning_rate } };
}
