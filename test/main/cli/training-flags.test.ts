import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { addTrainingFlags, withTrainingFlags } from '../../../main/cli/training-flags.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { run } from './command.ts';

const before = trainingSettings.parse({ model: 'autoencoder', epochs: 4 });

async function settings(...args: string[]) {
  const command = addTrainingFlags(new Command()).exitOverride();
  command.configureOutput({ writeErr: () => {} }).parse(args, { from: 'user' });
  return withTrainingFlags(before, command.opts());
}

async function file(content: unknown): Promise<string> {
  const path = join(await mkdtemp(join(tmpdir(), 'settings-')), 'settings.json');
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

test('without flags all stays as it is', async () => {
  expect(await settings()).toEqual(before);
});

test('flags say what the form says', async () => {
  const next = await settings(
    ...['--optimizer', 'AdamW:weight_decay=0.01,amsgrad=True'],
    ...['--learning-rate', 'CosineDecay:initial_learning_rate=0.1,decay_steps=5'],
    ...['--loss', 'huber:delta=2', '--metrics', 'mae,mse', '--metrics', 'AUC:name=area,curve=PR'],
    ...['--class-weight', '0=1,1=2.5'],
    ...['--callback', 'EarlyStopping:patience=3,restore_best_weights=true'],
    ...['--callback', '{"class_name":"CSVLogger","config":{"separator":","}}'],
    ...['--callback', 'Command:command=["notify","a,b"]'],
  );
  expect(next).toMatchObject({
    epochs: 4,
    optimizer: {
      class_name: 'AdamW',
      config: {
        weight_decay: 0.01,
        amsgrad: true,
        learning_rate: {
          class_name: 'CosineDecay',
          config: { initial_learning_rate: 0.1, decay_steps: 5 },
        },
      },
    },
    loss: { class_name: 'huber', config: { delta: 2 } },
    metrics: ['mae', 'mse', { class_name: 'AUC', config: { name: 'area', curve: 'PR' } }],
    class_weight: { '0': 1, '1': 2.5 },
  });
  expect(next.callbacks.map(({ class_name }) => class_name)).toEqual([
    ...['TerminateOnNaN', 'EarlyStopping', 'CSVLogger', 'Command'],
  ]);
  expect(next.callbacks[1]!.config).toMatchObject({ patience: 3, monitor: 'val_loss' });
  expect(next.callbacks[3]!.config).toMatchObject({ command: ['notify', 'a,b'] });
});

test('losses and weights go to outputs by name; callbacks can be left out', async () => {
  const next = await settings(
    ...['--loss', 'digit=mse', '--loss', 'img=mae', '--loss-weight', 'digit=2,img=0.5'],
    ...['--no-callbacks', '--learning-rate', '1e-4'],
  );
  expect(next.loss).toEqual({ digit: 'mse', img: 'mae' });
  expect(next.loss_weights).toEqual({ digit: 2, img: 0.5 });
  expect(next.callbacks).toEqual([]);
  expect(next.optimizer).toEqual({ class_name: 'Adam', config: { learning_rate: 1e-4 } });
});

test('a file holds settings of the form, and flags come before it', async () => {
  const given = await file({
    epochs: 7,
    batch_size: 64,
    optimizer: { class_name: 'SGD', config: { momentum: 0.9 } },
    callbacks: [{ class_name: 'ReduceLROnPlateau' }],
  });
  const next = await settings('--settings', given, '--learning-rate', '0.5');
  expect(next).toMatchObject({
    epochs: 7,
    batch_size: 64,
    optimizer: { class_name: 'SGD', config: { momentum: 0.9, learning_rate: 0.5 } },
    callbacks: [{ class_name: 'ReduceLROnPlateau', config: { factor: 0.1, patience: 10 } }],
  });
});

describe('what is wrong is named', () => {
  test.each([
    ['{"epochs": 0}', /settings\.json: epochs/],
    ['{"epoch": 1}', /settings\.json: .*epoch/],
    ['{"epochs": 1', /settings\.json: .*JSON/],
    ['[]', /expected an object/],
    ['{"callbacks": [{"class_name": "EarlyStoping"}]}', /callbacks\.0.*known are EarlyStopping/],
    [
      '{"callbacks": [{"class_name": "EarlyStopping", "config": {"patience": "3"}}]}',
      /callbacks\.0\.config\.patience/,
    ],
    ['{"optimizer": {"class_name": "Adamm"}}', /unknown optimizer Adamm/],
    ['{"optimizer": {"class_name": "Adam", "config": {"beta_1": 2}}}', /beta_1/],
  ])('in a file: %s', async (content, message) => {
    await expect(settings('--settings', await file(content))).rejects.toThrow(message);
  });

  test.each([
    [['--callback', 'EarlyStopping:patience'], /key=value/],
    [['--callback', 'NoSuch'], /unknown callback; known are/],
    [['--class-weight', '0'], /name=number/],
    [['--learning-rate', '-1'], /from 0 up/],
    [['--learning-rate', 'NoDecay:a=1'], /learning_rate: expected a number or one of/],
    [['--settings', 'no-such-file.json'], /no-such-file\.json/],
    [
      ['--learning-rate', 'CosineDecay:initial_learning_rate=1,decay_steps=9', '--callback', 'ReduceLROnPlateau'],
      /ReduceLROnPlateau.*CosineDecay/,
    ],
  ])('in the flags: %j', async (args, message) => {
    await expect(settings(...args)).rejects.toThrow(message);
  }); // prettier-ignore
});

test('train writes what its callbacks are told to', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'train-flags-'));
  const { code, stdout } = await run([
    ...['train', 'classifier', '--epochs', '2', '--limit', '256', '--json'],
    ...['--engine', 'onnx', '--out', join(folder, 'run')],
    ...['--callback', 'CSVLogger:filename=log.csv', '--metrics', 'accuracy'],
    ...['--callback', 'LearningRateScheduler:schedule={"class_name":"ExponentialDecay",' +
      '"config":{"initial_learning_rate":0.1,"decay_steps":1,"decay_rate":0.5}}'],
  ]); // prettier-ignore
  expect(code).toBe(0);
  const acts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === 'callback');
  expect(acts.map(({ rate }) => rate)).toEqual([0.1, 0.05].map(Math.fround));
  const csv = await readFile(join(folder, 'run/log.csv'), 'utf8');
  expect(csv).toMatch(/^epoch,accuracy,.*learning_rate|^epoch,accuracy,/);
  expect(csv.trim().split('\r\n')).toHaveLength(3);
});
