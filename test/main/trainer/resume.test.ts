import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readCheckpoint } from '../../../main/formats/checkpoint.ts';
import { checkpointPath, type TrainJob } from '../../../main/trainer/contract.ts';
import { Control } from '../../../main/trainer/control.ts';
import { train } from '../../../main/trainer/trainer.ts';
import type { RunEventBody } from '../../../shared/api/events.ts';
import { compose } from '../../../shared/keras/compose.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';

/** A nested model with all that a training draws or remembers: dropout, moving averages, momentum, metrics. */
const model = compose(({ input, layers, model }) => {
  const image = input([28, 28, 1], { name: 'image' });
  const pooled = layers.averagePooling2d(4)(image);
  const normal = layers.batchNormalization()(pooled);
  const hidden = layers.dense(12, { activation: 'relu' })(layers.flatten()(normal));
  const encoder = model(image, layers.dropout(0.2)(hidden), { name: 'encoder' });
  const img = input([28, 28, 1], { name: 'img' });
  const digit = layers.dense(10, { activation: 'softmax' })(encoder(img));
  return [encoder, model(img, digit, { name: 'digits' })];
});

const settings = trainingSettings.parse({
  model: model.models.at(-1),
  engine: 'onnx:cpu',
  task: 'classify',
  loss: 'sparse_categorical_crossentropy',
  metrics: ['accuracy'],
  optimizer: { class_name: 'Adam', config: { learning_rate: 0.01, clipnorm: 1 } },
  augmentation: { rotation: 0.1 },
  callbacks: [
    { class_name: 'ReduceLROnPlateau', config: { patience: 1, factor: 0.5, min_delta: 0.2 } },
  ],
  epochs: 3,
  batch_size: 32,
  limit: 150,
});
/** Steps of an epoch, the last with fewer samples. */
const STEPS = 5;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'resume-'));
});
afterAll(() => rm(folder, { recursive: true }));

type Of<T extends RunEventBody['type']> = Extract<RunEventBody, { type: T }>;

/** Trains in a folder, and gives what was told. `watch` sees each event. */
async function run(
  place: string,
  {
    watch,
    control = new Control(),
    ...job
  }: Partial<TrainJob> & {
    watch?: (event: RunEventBody, stop: () => void) => void;
    control?: Control;
  } = {},
) {
  const stop = new AbortController();
  const events: RunEventBody[] = [];
  const end = await train(
    { model, settings, folder: join(folder, place), ...job },
    (list) => {
      events.push(...list);
      for (const event of list) watch?.(event, () => stop.abort());
    },
    stop.signal,
    control,
  );
  const of = <T extends RunEventBody['type']>(type: T) =>
    events.filter((event): event is Of<T> => event.type === type);
  return { end, events, of };
}

/** The history of a run, as windows fold it: what is told anew takes the place of what was told before. */
function history(parts: readonly (readonly RunEventBody[])[]) {
  const losses: number[] = [];
  let epochs: Of<'epoch'>[] = [];
  for (const event of parts.flat()) {
    if (event.type === 'steps')
      event.losses.forEach((loss, i) => (losses[event.first - 1 + i] = loss));
    if (event.type === 'epoch') epochs.push(event);
    if (event.type === 'resumed') {
      losses.length = Math.min(losses.length, event.step);
      epochs = epochs.filter(({ epoch }) => epoch <= event.epoch);
    }
  }
  const results = epochs.map(({ epoch, step, loss, valLoss, logs }) => ({ epoch, step, loss, valLoss, logs })); // prettier-ignore
  return { losses, results };
}

/** How far a history goes, for the job that goes on. */
function told(parts: readonly (readonly RunEventBody[])[]) {
  const { losses, results } = history(parts);
  return { step: losses.length, epoch: results.at(-1)?.epoch ?? -1 };
}

async function weights(place: string, step: number) {
  const { variables } = await readCheckpoint(join(folder, place, checkpointPath(step)));
  return { ...variables };
}

const whole = beforeOnce(() => run('whole'));

function beforeOnce<T>(work: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= work());
}

test.each([5, 7])(
  'a training that was stopped at step %i goes on to the very same numbers',
  async (at) => {
    const place = `stopped-${at}`;
    const unbroken = await whole();
    const first = await run(place, { until: at });
    expect(first.end.state).toBe('stopped');
    const rest = await run(place, { resume: told([first.events]) });
    expect(rest.end.state).toBe('finished');
    expect(rest.of('resumed')).toEqual([
      { type: 'resumed', step: at, epoch: Math.floor(at / STEPS) },
    ]);
    expect(history([first.events, rest.events])).toEqual(history([unbroken.events]));
    expect(await weights(place, 3 * STEPS)).toEqual(await weights('whole', 3 * STEPS));
    expect(rest.of('plan')[0]!.engine.reason).toBe('the run began with it');
  },
);

test('one that was stopped during a validation, after a change, and lost its newest checkpoint', async () => {
  const frozen = { step: 3, path: 'digits/encoder', trainable: false };
  const freed = { step: 8, path: 'digits/encoder', trainable: true };
  const changes = [frozen, freed];
  const often = { ...settings, checkpoints: { ...settings.checkpoints, every_steps: 3 } };
  const unbroken = await run('changed', { changes });
  const first = await run('changed-stopped', {
    changes,
    settings: often,
    watch: (event, stop) => event.type === 'checkpoint' && event.step === 10 && stop(),
  });
  expect(first.of('epoch').at(-1)).toMatchObject({ epoch: 2, valLoss: null });
  expect(first.of('trainable').map(({ step }) => step)).toEqual([3, 8]);
  const newest = join(folder, 'changed-stopped', checkpointPath(10));
  const bytes = await readFile(newest);
  bytes[bytes.length - 9]! ^= 4;
  await writeFile(newest, bytes);

  const rest = await run('changed-stopped', { changes, resume: told([first.events]) });
  expect(rest.of('resumed')).toEqual([
    {
      type: 'resumed',
      step: 9,
      epoch: 1,
      passedOver: [{ file: newest, reason: expect.stringContaining('checksum') as string }],
    },
  ]);
  expect(history([first.events, rest.events])).toEqual(history([unbroken.events]));
  expect(await weights('changed-stopped', 15)).toEqual(await weights('changed', 15));
  expect(await readdir(join(folder, 'changed-stopped', 'checkpoints'))).toContain(
    checkpointPath(10).replace('checkpoints/', '') + '.broken',
  );

  const anew = await run('changed-stopped', { changes, resume: { step: 2, epoch: 0 } });
  expect(anew.of('resumed')).toEqual([{ type: 'resumed', step: 0, epoch: -1 }]);
  expect(history([anew.events])).toEqual(history([unbroken.events]));
});

test('a finished training goes on for more epochs, as if they had been asked for at first', async () => {
  const unbroken = await whole();
  const short = { ...settings, epochs: 1 };
  const first = await run('short', { settings: short });
  expect(first.end.state).toBe('finished');
  const rest = await run('short', { resume: told([first.events]) });
  expect(rest.of('resumed')).toEqual([{ type: 'resumed', step: 5, epoch: 1 }]);
  expect(rest.of('epoch').map(({ epoch }) => epoch)).toEqual([2, 3]);
  expect(history([first.events, rest.events])).toEqual(history([unbroken.events]));
  expect(await weights('short', 15)).toEqual(await weights('whole', 15));
});

test('what is not as it was is refused by name', async () => {
  const { events } = await whole();
  const resume = told([events]);
  const other = { ...model.layers };
  const dense = Object.keys(other).find((id) => other[id]!.config['units'] === 12)!;
  other[dense] = { ...other[dense]!, config: { ...other[dense]!.config, units: 13 } };
  const refused = (job: Partial<TrainJob>) => run('whole', { resume, ...job });
  await expect(refused({ model: { ...model, layers: other } })).rejects.toMatchObject({
    code: 'MODEL_CHANGED',
    message: expect.stringMatching(`units of the layer ${dense} was 12, it is 13`) as string,
  });
  await expect(refused({ settings: { ...settings, batch_size: 16 } })).rejects.toMatchObject({
    code: 'SETTINGS_CHANGED',
    message: expect.stringContaining('batch_size was 32, it is 16') as string,
  });
});

test('a pause waits with a checkpoint, answers what is asked, and changes nothing', async () => {
  const unbroken = await whole();
  const control = new Control();
  const asked: Promise<void>[] = [];
  const saved: number[] = [];
  const { events, of } = await run('paused', {
    control,
    watch: (event) => {
      if (event.type === 'images' && event.step === 2) {
        control.pause();
        asked.push(control.ask({ kind: 'checkpoint' }));
      }
      if (event.type === 'checkpoint') saved.push(event.step);
      if (event.type !== 'state' || event.state !== 'paused') return;
      saved.push(0);
      setTimeout(() => control.proceed(), 20);
    },
  });
  await Promise.all(asked);
  expect(of('state').filter(({ state }) => state === 'paused')).toHaveLength(1);
  expect(saved.slice(0, 2)).toEqual([2, 0]);
  expect(history([events])).toEqual(history([unbroken.events]));
  await expect(control.ask({ kind: 'checkpoint' })).rejects.toMatchObject({ code: 'RUN_ENDED' });
});

test('callbacks go on too: best weights, patience, rate and files', async () => {
  const callbacks = trainingSettings.shape.callbacks.parse([
    { class_name: 'EarlyStopping', config: { patience: 1, min_delta: 1, restore_best_weights: true } }, // prettier-ignore
    { class_name: 'LearningRateScheduler', config: { schedule: { class_name: 'ExponentialDecay', config: { initial_learning_rate: 0.01, decay_steps: 1, decay_rate: 0.5 } } } }, // prettier-ignore
    { class_name: 'CSVLogger', config: { filename: 'log.csv' } },
  ]);
  const watched = { ...settings, epochs: 9, callbacks };
  const csv = (place: string) => readFile(join(folder, place, 'log.csv'), 'utf8');
  const unbroken = await run('early', { settings: watched });
  expect(unbroken.end.state).toBe('finished');
  const last = unbroken.of('epoch').at(-1)!;
  expect(last.epoch).toBeLessThan(9);
  const first = await run('early-stopped', { settings: watched, until: 8 });
  const rest = await run('early-stopped', { settings: watched, resume: told([first.events]) });
  expect(history([first.events, rest.events])).toEqual(history([unbroken.events]));
  expect(await weights('early-stopped', last.step)).toEqual(await weights('early', last.step));
  expect(await csv('early-stopped')).toBe(await csv('early'));
  const more = { ...watched, epochs: 10 };
  const longer = await run('early-stopped', {
    settings: more,
    resume: told([first.events, rest.events]),
  });
  expect(longer.of('epoch')[0]!.epoch).toBe(last.epoch + 1);
});

test('data that have changed since are refused by name, and the run stays as it was', async () => {
  const data = join(folder, 'numbers.csv');
  const rows = (shift: number) => [
    'a,b,y',
    ...Array.from({ length: 40 }, (_, i) => `${i % 7},${(i + shift) % 5},${i % 3}`),
  ];
  await writeFile(data, rows(0).join('\n'));
  const line = compose(({ input, layers, model }) => {
    const x = input([2], { name: 'x' });
    return model(x, layers.dense(1)(x), { name: 'line' });
  });
  const fit = trainingSettings.parse({
    model: line.models.at(-1),
    data,
    task: 'regress',
    engine: 'onnx:cpu',
    batch_size: 8,
    epochs: 2,
  });
  const job = { model: line, settings: fit };
  const first = await run('numbers', { ...job, until: 3 });
  await writeFile(data, rows(1).join('\n'));
  const resume = told([first.events]);
  await expect(run('numbers', { ...job, resume })).rejects.toMatchObject({
    code: 'DATA_CHANGED',
    message: expect.stringContaining('the data are not those of its checkpoint') as string,
  });
  await writeFile(data, rows(0).join('\n'));
  expect((await run('numbers', { ...job, resume })).end.state).toBe('finished');
});
