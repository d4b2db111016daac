import { describe, expect, test } from 'vitest';
import { callbackSettings } from '../../../shared/keras/callbacks/settings.ts';
import {
  classesOf,
  classNamed,
  fieldsOf,
  shortName,
  type Family,
} from '../../../shared/keras/fields.ts';
import { optimizerOf } from '../../../shared/keras/optimizers/catalogue.ts';
import { presetNames, withPreset } from '../../../shared/keras/presets.ts';
import { changesOfStep } from '../../../shared/keras/recompile.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';

const settings = trainingSettings.parse({ model: 'm' });

test('every class of every family has its fields, with defaults that it takes', () => {
  for (const family of ['optimizer', 'schedule', 'loss', 'metric', 'callback'] as Family[])
    for (const className of classesOf(family)) {
      const config = Object.fromEntries(
        fieldsOf(family, className)
          .filter((field) => field.default !== undefined)
          .map((field) => [field.name, field.default!]),
      );
      if (family === 'optimizer')
        expect(() => optimizerOf({ class_name: className, config })).not.toThrow();
      if (family !== 'callback') continue;
      const given = {
        EarlyStopping: {},
        Command: { command: ['x'] },
        Webhook: { url: 'https://a.b' },
      };
      const more = { ...given, LearningRateScheduler: { schedule: null } } as Record<
        string,
        object
      >;
      const parsed = callbackSettings.safeParse([
        { class_name: className, config: { ...config, ...more[className] } },
      ]);
      expect(parsed.success, className).toBe(true);
    }
});

test('fields say their kind, bounds and default', () => {
  const [patience] = fieldsOf('callback', 'EarlyStopping').filter(({ name }) => name === 'patience');
  expect(patience).toEqual({ name: 'patience', kind: 'integer', nullable: false, default: 0, least: 0 });
  const [baseline] = fieldsOf('callback', 'EarlyStopping').filter(({ name }) => name === 'baseline');
  expect(baseline).toMatchObject({ kind: 'number', nullable: true, default: null });
  const [curve] = fieldsOf('metric', 'AUC').filter(({ name }) => name === 'curve');
  expect(curve).toMatchObject({ kind: 'choice', choices: ['ROC', 'PR'], default: 'ROC' });
}); // prettier-ignore

test('classes are found by all of their names', () => {
  expect(classNamed('loss', 'mse')).toBe('MeanSquaredError');
  expect(classNamed('metric', 'AUC')).toBe('AUC');
  expect(classNamed('metric', 'accuracy')).toBeNull();
  expect(classNamed('loss', 'nothing')).toBeNull();
  expect(shortName('loss', 'MeanSquaredError')).toBe('mean_squared_error');
});

test('presets are settings that can be trained with', () => {
  for (const name of presetNames) {
    const next = withPreset(settings, name, 60_000);
    expect(trainingSettings.parse(next)).toEqual(next);
    const { learningRate } = optimizerOf(next.optimizer);
    expect(Math.max(...[0, 100, 10_000].map(learningRate))).toBeLessThan(0.1);
  }
  const { optimizer } = withPreset(settings, 'cosine', 60_000);
  const rate = optimizerOf(optimizer).learningRate;
  const steps = 30 * Math.ceil(60_000 / 128);
  expect(rate(0)).toBe(0);
  expect(rate(Math.round(steps * 0.05))).toBeCloseTo(0.001, 5);
  expect(rate(steps)).toBeCloseTo(0, 6);
});

describe('what makes the step anew', () => {
  test.each([
    [{ epochs: 3, batch_size: 7, seed: 9 }, []],
    [{ optimizer: { class_name: 'Adam', config: { learning_rate: 0.5 } } }, []],
    [{ optimizer: { class_name: 'Adam', config: { beta_1: 0.5 } } }, ['optimizer']],
    [{ loss: 'mae', metrics: ['mse'] }, ['loss', 'metrics']],
    [{ class_weight: { 0: 2 } }, ['class_weight']],
  ])('%j', (change, expected) => {
    expect(changesOfStep(settings, { ...settings, ...change })).toEqual(expected);
  });
});
