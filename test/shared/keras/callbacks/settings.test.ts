import { describe, expect, test } from 'vitest';
import { checkLearningRate, createCallback } from '../../../../shared/keras/callbacks/catalogue.ts';
import { formatPath } from '../../../../shared/keras/callbacks/format-path.ts';
import { callbackSettings } from '../../../../shared/keras/callbacks/settings.ts';

const parse = (class_name: string, config: object = {}) =>
  callbackSettings.parse([{ class_name, config }])[0]!;

test('settings get the defaults of Keras', () => {
  expect(callbackSettings.parse([{ class_name: 'EarlyStopping' }])).toEqual([
    {
      class_name: 'EarlyStopping',
      config: {
        monitor: 'val_loss', mode: 'auto', min_delta: 0, patience: 0, baseline: null,
        restore_best_weights: false, start_from_epoch: 0,
      },
    },
  ]); // prettier-ignore
});

describe('what can not be is refused by name', () => {
  test.each([
    ['NoSuch', {}, /class_name/],
    ['EarlyStopping', { patience: -1 }, /patience/],
    ['EarlyStopping', { patients: 1 }, /patients/],
    ['ReduceLROnPlateau', { factor: 1 }, /factor/],
    ['ModelCheckpoint', { save_freq: 'step' }, /save_freq/],
    ['Webhook', { url: 'file:///etc/passwd' }, /url/],
    ['Command', { command: [] }, /command/],
  ])('%s %j', (name, config, what) => {
    const { error } = callbackSettings.safeParse([{ class_name: name, config }]);
    expect(JSON.stringify(error?.issues)).toMatch(what);
  });

  test('a metric of which nobody knows what is better', () => {
    const setting = parse('EarlyStopping', { monitor: 'val_reward' });
    expect(() => createCallback(setting, () => undefined)).toThrow(/val_reward.*'min' or 'max'/);
  });

  test('a learning rate that follows a schedule', () => {
    const rate = { class_name: 'CosineDecay', config: {} };
    const optimizer = { class_name: 'Adam', config: { learning_rate: rate } };
    expect(() => checkLearningRate([parse('ReduceLROnPlateau')], optimizer)).toThrow(/CosineDecay/);
    expect(() => checkLearningRate([parse('EarlyStopping')], optimizer)).not.toThrow();
  });
});

describe('names of files are formatted as in Python', () => {
  test.each([
    ['{epoch:02d}-{val_loss:.4f}', '07-0.1235'],
    ['{epoch}-{loss:.2e}', '7-1.23e+01'],
    ['{epoch:4d}|{loss:8.2f}', '   7|   12.35'],
    ['plain', 'plain'],
  ])('%s', (template, expected) => {
    expect(formatPath(template, { epoch: 7, val_loss: 0.12346, loss: 12.345678 })).toBe(expected);
  });

  test('a name without a value', () => {
    expect(() => formatPath('{mae}', { epoch: 1 })).toThrow(/there is no mae.*epoch/);
  });
});
