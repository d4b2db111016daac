import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { newestCheckpoint } from '../../../../main/formats/checkpoint.ts';
import type { TrainJob } from '../../../../main/trainer/contract.ts';
import { train } from '../../../../main/trainer/trainer.ts';
import type { RunEventBody } from '../../../../shared/api/events.ts';
import { compose } from '../../../../shared/keras/compose.ts';
import { trainingSettings } from '../../../../shared/keras/training-settings.ts';
import { eventsIn } from './read-events.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbacks-resume-'));
});
afterEach(() => rm(folder, { recursive: true }));

const model = compose(({ input, layers, model }) => {
  const x = input([28, 28, 1], { name: 'img' });
  const code = layers.dense(4, { name: 'code' })(layers.flatten()(x));
  const y = layers.dense(784, { name: 'out' })(code);
  return [model(x, layers.reshape([28, 28, 1])(y), { name: 'whole' })];
});
/** The validation loss only falls, so in this mode the first epoch stays the best. */
const settings = trainingSettings.parse({
  model: 'whole',
  engine: 'tensorflow:javascript',
  epochs: 9,
  batch_size: 32,
  limit: 128,
  callbacks: [
    { class_name: 'ReduceLROnPlateau', config: { mode: 'max', patience: 1, factor: 0.5 } },
    {
      class_name: 'EarlyStopping',
      config: { mode: 'max', patience: 3, restore_best_weights: true },
    },
    { class_name: 'CSVLogger' },
    { class_name: 'TensorBoard', config: { histogram_freq: 1, update_freq: 3 } },
  ],
});

/** Trains in a folder until the end, or until so many steps were told. */
async function run(place: string, stopAfter = Infinity, resume?: TrainJob['resume']) {
  await mkdir(place, { recursive: true });
  const stop = new AbortController();
  let step = 0;
  let epoch = -1;
  const hear = (events: readonly RunEventBody[]) => {
    for (const event of events) {
      if (event.type === 'steps') step = event.first + event.losses.length - 1;
      if (event.type === 'epoch') epoch = event.epoch;
      if (event.type === 'epoch' && event.step >= stopAfter) stop.abort();
    }
  };
  const end = await train(
    { model, settings, folder: place, ...(resume && { resume }) },
    hear,
    stop.signal,
  );
  return { end, told: { step, epoch } };
}

/** Everything that callbacks leave behind, without times and names of files. */
async function leftIn(place: string) {
  const values = async (part: string) =>
    (await eventsIn(join(place, 'logs', part))).map(({ step, summary }) => [
      Number(step),
      JSON.stringify(summary ?? null),
    ]);
  const last = await newestCheckpoint(join(place, 'checkpoints'));
  return {
    csv: await readFile(join(place, 'training.csv'), 'utf8'),
    train: await values('train'),
    validation: await values('validation'),
    variables: last!.variables,
    step: last!.step,
  };
}

test('a training that was stopped leaves what one leaves that never stopped', async () => {
  const [whole, broken] = [join(folder, 'whole'), join(folder, 'broken')];
  expect((await run(whole)).end).toEqual({ state: 'finished' });
  const first = await run(broken, 8);
  expect(first.end).toEqual({ state: 'stopped' });
  expect((await run(broken, Infinity, first.told)).end).toEqual({ state: 'finished' });
  const [expected, resumed] = [await leftIn(whole), await leftIn(broken)];
  expect(resumed).toEqual(expected);
  // Four epochs of four steps: the first was the best, and three more were waited for.
  expect(expected.step).toBe(16);
  expect(expected.csv.trim().split('\r\n')).toHaveLength(5);
});
