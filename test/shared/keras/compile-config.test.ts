import { describe, expect, test } from 'vitest';
import {
  fromCompileConfig,
  toCompileConfig,
  toTrainingConfig,
} from '../../../shared/keras/compile-config.ts';

const read = (config: unknown) => {
  const notes: string[] = [];
  return { settings: fromCompileConfig(config, notes), notes };
};

describe('what a model was compiled with', () => {
  test('is read from .keras of any backend and written so that Keras finds the classes', () => {
    const { settings, notes } = read({
      optimizer: {
        module: 'keras.src.backend.torch.optimizers.torch_sgd',
        class_name: 'SGD',
        config: {
          name: 'sgd',
          momentum: 0,
          learning_rate: {
            module: 'keras.optimizers.schedules',
            class_name: 'ExponentialDecay',
            config: { initial_learning_rate: 0.1, decay_steps: 10, decay_rate: 0.9 },
            registered_name: null,
          },
        },
        registered_name: 'SGD',
      },
      loss: { a: { module: 'keras.losses', class_name: 'Huber', config: { delta: 2 } }, b: 'mse' },
      loss_weights: { a: 1, b: 0.5 },
      metrics: { a: ['mae'], b: 'mse' },
      weighted_metrics: null,
    });
    expect(notes).toEqual([]);
    expect(settings).toMatchObject({
      optimizer: { class_name: 'SGD' },
      loss: { a: { class_name: 'Huber', config: { delta: 2 } }, b: 'mse' },
      loss_weights: { a: 1, b: 0.5 },
      metrics: { a: ['mae'], b: ['mse'] },
    });
    const written = toCompileConfig(settings!) as { optimizer: { config: object }; loss: object };
    expect(written.optimizer).toMatchObject({ module: 'keras.optimizers', class_name: 'SGD' });
    // Keras takes no whole number for it.
    expect(written.optimizer.config).not.toHaveProperty('momentum');
    expect(written.optimizer.config).toMatchObject({
      learning_rate: { module: 'keras.optimizers.schedules', class_name: 'ExponentialDecay' },
    });
    expect(written.loss).toMatchObject({ a: { module: 'keras.losses', class_name: 'Huber' } });
    expect(fromCompileConfig(written, [])).toMatchObject({ loss: settings!.loss });
    // Keras 3.15 can't read a loss by its short name in H5.
    expect(toTrainingConfig(settings!)['loss']).toMatchObject({ b: 'MeanSquaredError' });
  });

  test('before Keras 3 is read in the words of today', () => {
    const { settings, notes } = read({
      optimizer_config: {
        class_name: 'RMSprop',
        config: { name: 'RMSprop', lr: 0.01, decay: 0.5 },
      },
      loss: [
        { class_name: 'LossFunctionWrapper', config: { name: 'm', fn: 'mean_squared_error' } },
      ],
      metrics: [
        [{ class_name: 'MeanMetricWrapper', config: { name: 'mae', fn: 'mean_absolute_error' } }],
      ],
    });
    expect(settings).toEqual({
      optimizer: { class_name: 'RMSprop', config: { name: 'RMSprop', learning_rate: 0.01 } },
      loss: ['mean_squared_error'],
      metrics: ['mean_absolute_error'],
    });
    expect(notes).toEqual(["the optimizer's decay of 0.5 is left out"]);
  });

  test.each([
    [{ optimizer: 'adam', loss: { class_name: 'Mine', config: {} } }, /unknown loss Mine/],
    [{ optimizer: 'mine', loss: 'mse' }, /unknown optimizer mine/],
  ])('with a class of its own is left out, and said', (config, expected) => {
    const { settings, notes } = read(config);
    expect(settings).toBeNull();
    expect(notes[0]).toMatch(expected);
  });
});
