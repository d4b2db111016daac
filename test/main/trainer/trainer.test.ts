import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { newestCheckpoint, readCheckpoint } from '../../../main/formats/checkpoint.ts';
import { checkpointPath, imageFile } from '../../../main/trainer/contract.ts';
import { train } from '../../../main/trainer/trainer.ts';
import type { RunEventBody } from '../../../shared/api/events.ts';
import { compose } from '../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { compileModel, initialValues } from '../../../shared/program/step.ts';
import { openMnist } from '../../support/mnist.ts';
import { autoencoder, classifier } from './models.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'train-'));
});
afterEach(() => rm(folder, { recursive: true }));

interface Options extends Record<string, unknown> {
  model?: ModelSpec;
  /** Sees each event, and can stop the training. */
  watch?: (event: RunEventBody, stop: () => void) => void;
}

/** Trains with the onnx engine on some hundred digits, and gives all that was told. */
async function run({ model = autoencoder, watch, ...settings }: Options = {}) {
  const controller = new AbortController();
  const events: RunEventBody[] = [];
  const end = await train(
    {
      model,
      folder,
      settings: trainingSettings.parse({
        model: model.models.at(-1),
        engine: 'onnx',
        epochs: 2,
        limit: 300,
        ...settings,
      }),
    },
    (list) => {
      events.push(...list);
      for (const event of list) watch?.(event, () => controller.abort());
    },
    controller.signal,
  );
  const of = <T extends RunEventBody['type']>(type: T) =>
    events.filter((event): event is Extract<RunEventBody, { type: T }> => event.type === type);
  return { end, events, of, losses: of('steps').flatMap((event) => event.losses) };
}

test('a run tells its plan, every step, every epoch, and leaves pictures and weights', async () => {
  const { end, of, losses } = await run();
  expect(end).toEqual({ state: 'finished' });
  expect(of('plan')).toEqual([
    {
      type: 'plan',
      epochs: 2,
      stepsPerEpoch: 3,
      batchSize: 128,
      trainSamples: 300,
      validationSamples: 300,
      engine: expect.objectContaining({ engine: 'onnx', kind: 'cpu' }) as object,
      data: expect.objectContaining({ name: 'mnist', samples: 70_000 }) as object,
      environment: expect.objectContaining({ node: process.versions.node }) as object,
      layers: expect.any(Array) as object[],
      images: { count: 10, shape: [28, 28, 1], pictures: ['input'] },
    },
  ]);
  expect(of('state').map(({ state }) => state)).toEqual([
    ...['loading', 'compiling', 'validating'],
    ...['training', 'saving', 'validating'],
    ...['training', 'saving', 'validating'],
    'saving',
  ]);

  let next = 1;
  for (const { first, losses } of of('steps')) {
    expect(first).toBe(next);
    next += losses.length;
  }
  expect(next).toBe(7);

  const [start, one, two] = of('epoch');
  expect(start).toMatchObject({ epoch: 0, step: 0, loss: null, samplesPerSecond: 0 });
  // Keras's mean over an epoch weighs the batches of 128, 128 and 44 samples by their sizes.
  const weighted = (losses[0]! * 128 + losses[1]! * 128 + losses[2]! * 44) / 300;
  expect(one!.loss).toBeCloseTo(weighted, 9);
  expect(two).toMatchObject({ epoch: 2, step: 6 });
  expect(two!.valLoss!).toBeLessThan(one!.valLoss!);
  expect(one!.valLoss!).toBeLessThan(start!.valLoss!);
  expect(two!.samplesPerSecond).toBeGreaterThan(0);

  expect(of('images').map(({ step }) => step)).toEqual([0, 1, 2, 3, 5, 6]);
  expect((await readdir(join(folder, 'images'))).sort()).toEqual(
    (['input', 0, 1, 2, 3, 5, 6] as const)
      .map((picture) => imageFile(picture).replace('images/', ''))
      .sort(),
  );
  expect(of('checkpoint')).toEqual([
    { type: 'checkpoint', step: 3, epoch: 1 },
    { type: 'checkpoint', step: 6, epoch: 2 },
  ]);
  const saved = await newestCheckpoint(join(folder, 'checkpoints'));
  expect(saved).toMatchObject({ step: 6, epoch: 2 });
  const { data } = saved!.variables['optimizer/iteration']!;
  expect([...data]).toEqual([6]);
});

test('the pictures are the first digit of each class, and the errors are those of the pictures', async () => {
  const { of } = await run({ epochs: 1 });
  const { validation } = await openMnist();
  const samples = decode(await readFile(join(folder, imageFile('input'))));
  expect([samples.width, samples.height, samples.channels]).toEqual([280, 28, 1]);
  const { label } = await validation.batch(Int32Array.from({ length: 300 }, (_, i) => i));
  const pixels = (png: { data: ArrayLike<number> }, sample: number) =>
    Float32Array.from({ length: 784 }, (_, i) => {
      const [y, x] = [Math.floor(i / 28), i % 28];
      return png.data[y * 280 + sample * 28 + x]! / 255;
    });
  const zero = (await validation.batch([label!.data.indexOf(0)]))['image']!.data;
  const nine = (await validation.batch([label!.data.indexOf(9)]))['image']!.data as Float32Array;
  expect(pixels(samples, 0)).toEqual(zero);
  expect(pixels(samples, 9)).toEqual(nine);

  const { errors } = of('images').find(({ step }) => step === 3)!;
  const made = decode(await readFile(join(folder, imageFile(3))));
  const again = pixels(made, 9);
  const error = nine.reduce((sum, value, i) => sum + (value - again[i]!) ** 2, 0) / 784;
  // A pixel of the picture is rounded to 1/255.
  expect(Math.abs(error - errors[9]!)).toBeLessThan(2e-3);
});

test('the same seed gives the same numbers, dropout and shuffling included; another seed does not', async () => {
  const first = await run({ seed: 5 });
  const weights = await newestCheckpoint(join(folder, 'checkpoints'));
  const again = await run({ seed: 5 });
  expect(again.losses).toEqual(first.losses);
  expect(again.of('epoch').map(({ valLoss }) => valLoss)).toEqual(
    first.of('epoch').map(({ valLoss }) => valLoss),
  );
  expect((await newestCheckpoint(join(folder, 'checkpoints')))!.variables).toEqual(
    weights!.variables,
  );
  const other = await run({ seed: 6 });
  expect(other.losses[0]).not.toBe(first.losses[0]);
});

describe('a stop', () => {
  test('ends after the current step, with a checkpoint of it', async () => {
    const { end, of, losses } = await run({
      epochs: 1000,
      watch: (event, stop) => event.type === 'images' && event.step === 5 && stop(),
    });
    expect(end).toEqual({ state: 'stopped' });
    expect(losses.length).toBe(5);
    expect(of('checkpoint').at(-1)).toEqual({ type: 'checkpoint', step: 5, epoch: 1 });
    const saved = await readCheckpoint(join(folder, checkpointPath(5)));
    expect([...saved.variables['optimizer/iteration']!.data]).toEqual([5]);
  });

  test('during validation keeps the loss of the epoch', async () => {
    const { end, of } = await run({
      epochs: 1000,
      watch: (event, stop) => event.type === 'checkpoint' && stop(),
    });
    expect(end).toEqual({ state: 'stopped' });
    expect(of('epoch').at(-1)).toMatchObject({ epoch: 1, valLoss: null, step: 3 });
    expect(of('epoch').at(-1)!.loss).toBeGreaterThan(0);
    expect(of('checkpoint').length).toBe(1);
  });

  test('before the first step saves the weights that it would have begun with', async () => {
    const { end, of } = await run({ watch: (event, stop) => event.type === 'plan' && stop() });
    expect(end).toEqual({ state: 'stopped' });
    expect(of('steps')).toEqual([]);
    const { settings, variables } = await readCheckpoint(join(folder, checkpointPath(0)));
    const compiled = compileModel(autoencoder, 'autoencoder', settings);
    expect({ ...variables }).toEqual(initialValues(compiled, settings.seed));
  });

  test('while the engine is made ready leaves nothing', async () => {
    const watch: Options['watch'] = (event, stop) =>
      event.type === 'state' && event.state === 'compiling' && stop();
    const { end } = await run({ watch });
    expect(end).toEqual({ state: 'stopped' });
    expect(await readdir(folder)).toEqual([]);
  });
});

test('only the last three checkpoints stay', async () => {
  await run({ epochs: 5 });
  expect((await readdir(join(folder, 'checkpoints'))).sort()).toEqual(
    [9, 12, 15].map((step) => checkpointPath(step).replace('checkpoints/', '')),
  );
});

test.each(['sparse_categorical_crossentropy', 'categorical_crossentropy', 'mean_squared_error'])(
  'classifies digits with %s',
  async (loss) => {
    const { of } = await run({ model: classifier, task: 'classify', loss, limit: 2000, epochs: 3 });
    const [start, , , end] = of('epoch').map(({ valLoss }) => valLoss!);
    expect(end!).toBeLessThan(start! * 0.7);
    expect(of('plan')[0]!.images!.truths).toEqual([
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
    ]);
    expect((await readdir(join(folder, 'images'))).sort()).toEqual(['samples.png']);
    const { errors, predictions } = of('images').at(-1)!;
    const right = predictions!.filter((said, i) => 'label' in said && said.label === String(i));
    expect(right.length).toBeGreaterThan(3);
    for (const [i, said] of predictions!.entries())
      if ('label' in said && said.label === String(i))
        expect(1 - errors[i]!).toBeCloseTo(said.probability, 6);
  },
);

describe('ends with a clear error', () => {
  const vector = compose(({ input, layers, model }) => {
    const x = input([785], { name: 'pixels' });
    return model(x, layers.dense(784)(x), { name: 'flat' });
  });
  test.each<[string, Options, RegExp]>([
    [
      'an input that the data does not fit',
      { model: vector },
      /mnist does not fit the model: input pixels takes float32 \(None, 785\); there is image \(28, 28, 1\)/,
    ],
    [
      'an output that the data does not fit',
      { model: classifier },
      /output dense gives float32 \(None, 10\); to reconstruct there is image \(28, 28, 1\) \(the task classify would fit\)/,
    ],
    [
      'too few classes',
      { task: 'classify', loss: 'sparse_categorical_crossentropy' },
      /output decoder gives float32 \(None, 28, 28, 1\); to classify there is label \(10 classes\)/,
    ],
    [
      'a loss that compares something else',
      { loss: 'sparse_categorical_crossentropy' },
      /output decoder .*the loss compares class numbers, so the task would be classify/,
    ],
    ['a loss that is unknown', { loss: 'mean_squared' }, /unknown loss mean_squared; known are/],
    ['data that is unknown', { data: 'mnits' }, /no data named mnits.*known are: mnist/],
    ['a model that is not there', { model: { ...autoencoder, models: ['coder'] } }, /coder/],
    [
      'a loss that grows beyond numbers',
      {
        optimizer: { class_name: 'SGD', config: { learning_rate: 1e38 } },
        loss: 'mean_squared_error',
        model: linear(),
      },
      /the loss became (NaN|Infinity) at step 2 \(epoch 1\).*smaller learning rate/,
    ],
  ])('for %s', async (_, options, message) => {
    await expect(run(options)).rejects.toThrow(message);
    expect(await readdir(folder)).not.toContain('checkpoints');
  });
});

function linear(): ModelSpec {
  return compose(({ input, layers, model }) => {
    const x = input([28, 28, 1], { name: 'x' });
    const y = layers.dense(784)(layers.flatten()(x));
    return model(x, layers.reshape([28, 28, 1])(y), { name: 'linear' });
  });
}

test('class weights count in training, not in validation', async () => {
  const options = {
    model: classifier,
    task: 'classify',
    loss: 'sparse_categorical_crossentropy',
    epochs: 1,
  };
  const weighted = (weight: number) =>
    Object.fromEntries(Array.from({ length: 10 }, (_, digit) => [String(digit), weight]));
  const plain = await run(options);
  const doubled = await run({ ...options, class_weight: weighted(2) });
  expect(doubled.losses[0]).toBeCloseTo(2 * plain.losses[0]!, 5);
  expect(doubled.of('epoch')[0]!.valLoss).toBe(plain.of('epoch')[0]!.valLoss);
  const none = await run({ ...options, class_weight: weighted(0) });
  expect(none.losses).toEqual([0, 0, 0]);
  expect(none.of('epoch')[1]!.valLoss).toBe(plain.of('epoch')[0]!.valLoss);
  const one = await run({ ...options, class_weight: { 3: 0 } });
  expect(one.losses[0]!).toBeLessThan(plain.losses[0]!);
});

test('Normalization learns mean and variance of the training images before the first step', async () => {
  const model = compose(({ input, layers, model }) => {
    const image = input([28, 28, 1], { name: 'image' });
    const inner = input([28, 28, 1], { name: 'x' });
    const scaled = layers.normalization({ axis: null, name: 'norm' })(inner);
    const scale = model(inner, scaled, { name: 'scale' });
    const code = layers.dense(10, { activation: 'softmax' })(layers.flatten()(scale(image)));
    return model(image, code, { name: 'digits' });
  });
  const loss = 'sparse_categorical_crossentropy';
  const { of } = await run({ model, task: 'classify', loss, epochs: 1 });
  expect(of('state').map(({ state }) => state)).toEqual([
    ...[
      'loading',
      'compiling',
      'adapting',
      'validating',
      'training',
      'saving',
      'validating',
      'saving',
    ],
  ]);
  expect(of('adapting').at(-1)).toEqual({ type: 'adapting', done: 3, total: 3 });
  const { training: digits } = await openMnist();
  const { image } = await digits.batch(Int32Array.from({ length: 300 }, (_, i) => i));
  const values = Array.from(image!.data);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
  const { variables } = (await newestCheckpoint(join(folder, 'checkpoints')))!;
  expect(variables['digits/scale/norm/mean']!.data[0]).toBeCloseTo(mean, 5);
  expect(variables['digits/scale/norm/variance']!.data[0]).toBeCloseTo(variance, 5);
});
