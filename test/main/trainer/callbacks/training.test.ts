import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newestCheckpoint, readCheckpoint } from '../../../../main/formats/checkpoint.ts';
import { isModelWeight } from '../../../../main/trainer/callbacks/weights.ts';
import { train } from '../../../../main/trainer/trainer.ts';
import type { RunEventBody } from '../../../../shared/api/events.ts';
import { compose } from '../../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../../shared/keras/spec.ts';
import { trainingSettings } from '../../../../shared/keras/training-settings.ts';
import type { NamedTensors } from '../../../../shared/program/tensor.ts';
import { eventsIn } from './read-events.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbacks-'));
});
afterEach(() => rm(folder, { recursive: true }));

const small = compose(({ input, layers, model }) => {
  const x = input([28, 28, 1], { name: 'img' });
  const code = layers.dense(4, { name: 'code' })(layers.flatten()(x));
  const encoder = model(x, code, { name: 'encoder' });
  const image = input([28, 28, 1], { name: 'image' });
  const y = layers.dense(784, { name: 'out' })(encoder(image));
  return [encoder, model(image, layers.reshape([28, 28, 1])(y), { name: 'whole' })];
});

async function run(settings: Record<string, unknown>, model: ModelSpec = small) {
  const events: RunEventBody[] = [];
  const job = {
    model,
    folder,
    settings: trainingSettings.parse({
      model: model.models.at(-1),
      engine: 'tensorflow:javascript',
      limit: 256,
      ...settings,
    }),
  };
  const end = await train(job, (list) => events.push(...list), new AbortController().signal).catch(
    (error: unknown) => ({ error: error as { code: string; message: string } }),
  );
  const of = <T extends RunEventBody['type']>(type: T) =>
    events.filter((event): event is Extract<RunEventBody, { type: T }> => event.type === type);
  return { end, of };
}

/** The learning rate of each step. */
const ratesOf = (steps: readonly (RunEventBody & { type: 'steps' })[]) =>
  steps.flatMap(({ losses, rate }) => (typeof rate === 'number' ? losses.map(() => rate) : rate));

const weightsOf = (variables: NamedTensors) =>
  Object.entries(variables).filter(([key]) => isModelWeight(key));

test('callbacks stop, restore, save, reduce the rate and write their files', async () => {
  const { end, of } = await run({
    epochs: 9,
    metrics: ['mae'],
    callbacks: [
      { class_name: 'ReduceLROnPlateau', config: { mode: 'max', patience: 1, factor: 0.5 } },
      { class_name: 'ModelCheckpoint', config: { filepath: 'kept/{epoch:02d}.safetensors' } },
      { class_name: 'ModelCheckpoint', config: { filepath: 'b{batch}.safetensors', save_freq: 3 } },
      {
        class_name: 'EarlyStopping',
        config: { mode: 'max', patience: 2, restore_best_weights: true },
      },
      { class_name: 'CSVLogger', config: {} },
      {
        class_name: 'TensorBoard',
        config: { histogram_freq: 1, write_images: true, update_freq: 2 },
      },
    ],
  });
  expect(end).toEqual({ state: 'finished' });
  expect(of('epoch').at(-1)!.epoch).toBe(3);
  const told = of('callback').map(
    ({ callback, action, epoch }) => `${callback} ${action} ${epoch}`,
  );
  expect(told).toEqual([
    'ModelCheckpoint save 1',
    'ModelCheckpoint save 2',
    'ReduceLROnPlateau learning_rate 2',
    'ModelCheckpoint save 2',
    'ModelCheckpoint save 3',
    'ReduceLROnPlateau learning_rate 3',
    'ModelCheckpoint save 3',
    'EarlyStopping stop 3',
    'EarlyStopping restore_weights 3',
  ]);
  const rates = ratesOf(of('steps'));
  expect(rates).toEqual([0.001, 0.001, 0.001, 0.001, 0.0005, 0.0005]);

  const first = await readCheckpoint(join(folder, 'kept/01.safetensors'));
  const last = await newestCheckpoint(join(folder, 'checkpoints'));
  expect(weightsOf(last!.variables)).toEqual(weightsOf(first.variables));
  expect(last!.variables['optimizer/iteration']!.data[0]).toBe(6);
  expect((await stat(join(folder, 'b2.safetensors'))).size).toBeGreaterThan(0);

  const [head, ...rows] = (await readFile(join(folder, 'training.csv'), 'utf8')).split('\r\n');
  expect(head).toBe('epoch,learning_rate,loss,mae,val_loss,val_mae');
  expect(rows.slice(0, -1).map((row) => row.split(',')[0])).toEqual(['0', '1', '2']);
  expect(Number(rows[2]!.split(',')[2])).toBe(of('epoch').at(-1)!.loss);

  const values = (await eventsIn(join(folder, 'logs/train'))).flatMap(({ step, summary }) =>
    (summary?.value ?? []).map((value) => ({ ...value, step: Number(step) })),
  );
  const loss = values.filter(({ tag }) => tag === 'epoch_loss');
  expect(loss.map(({ step, simpleValue }) => [step, simpleValue])).toEqual(
    of('epoch')
      .slice(1)
      .map(({ epoch, loss }) => [epoch - 1, Math.fround(loss!)]),
  );
  const tags = new Set(values.map(({ tag }) => tag));
  expect([...tags].sort()).toEqual(
    expect.arrayContaining(['batch_loss', 'epoch_learning_rate', 'encoder/code/kernel/histogram']),
  );
  const validation = await eventsIn(join(folder, 'logs/validation'));
  const pictures = validation.flatMap(({ summary }) =>
    (summary?.value ?? []).filter(({ tag }) => tag === 'samples/output'),
  );
  expect(pictures).toHaveLength(3);
  expect(pictures[0]!.image).toMatchObject({ width: 280, height: 28 });
});

test('a learning rate scheduler sets the rate of each epoch', async () => {
  const schedule = {
    class_name: 'ExponentialDecay',
    config: { initial_learning_rate: 0.01, decay_steps: 1, decay_rate: 0.5 },
  };
  const { of } = await run({
    epochs: 3,
    callbacks: [{ class_name: 'LearningRateScheduler', config: { schedule } }],
  });
  const rates = ratesOf(of('steps'));
  expect(rates).toEqual([0.01, 0.01, 0.005, 0.005, 0.0025, 0.0025]);
});

describe('a loss that is no number', () => {
  const sgd = (learning_rate: unknown) => ({ class_name: 'SGD', config: { learning_rate } });
  const message = ({ end }: Awaited<ReturnType<typeof run>>) =>
    'error' in end ? `${end.error.code}: ${end.error.message}` : JSON.stringify(end);

  test('names the layer, by the weights of before, also after many steps', async () => {
    const boundaries = { boundaries: [39], values: [0.001, 1e25] };
    const rate = { class_name: 'PiecewiseConstantDecay', config: boundaries };
    const result = await run({ epochs: 9, batch_size: 16, optimizer: sgd(rate) });
    expect(message(result)).toMatch(
      /^LOSS_NOT_FINITE: the loss became \S+ at step 42 \(epoch 3\).* is whole\/(encoder\/code|out)/,
    );
  });

  test('names a layer inside of a model before the first step', async () => {
    const model = compose(({ input, layers, model }) => {
      const x = input([28, 28, 1], { name: 'img' });
      const y = layers.rescaling(1e30, { name: 'big' })(layers.dense(3, { name: 'a' })(x));
      const inner = model(x, layers.rescaling(1e30, { name: 'bigger' })(y), { name: 'inner' });
      const image = input([28, 28, 1], { name: 'image' });
      return [inner, model(image, layers.dense(1)(inner(image)), { name: 'outer' })];
    });
    const result = await run({ epochs: 1 }, model);
    expect(message(result)).toMatch(/^LOSS_NOT_FINITE: the validation .* is outer\/inner\/bigger;/);
    expect(result.of('callback')).toEqual([
      {
        type: 'callback',
        callback: 'TerminateOnNaN',
        step: 0,
        epoch: 0,
        action: 'terminate',
        where: 'output',
        path: 'outer/inner/bigger',
      },
    ]);
  });

  test('is let pass where no callback minds it', async () => {
    const result = await run({ epochs: 1, callbacks: [], optimizer: sgd(1e30) });
    expect(result.end).toEqual({ state: 'finished' });
    expect(result.of('epoch').at(-1)!.loss).not.toBeLessThan(Infinity);
  });
});
