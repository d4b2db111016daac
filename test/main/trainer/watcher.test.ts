import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readCheckpoint } from '../../../main/formats/checkpoint.ts';
import { checkpointPath } from '../../../main/trainer/contract.ts';
import { train } from '../../../main/trainer/trainer.ts';
import type { RunEventBody } from '../../../shared/api/events.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { compileModel, initialValues } from '../../../shared/program/step.ts';
import { openMnist } from '../../support/mnist.ts';
import { autoencoder } from './models.ts';

const folder = await mkdtemp(join(tmpdir(), 'watcher-'));
afterAll(() => rm(folder, { recursive: true }));

test('a run tells how its layers fare, in the numbers of the step itself', async () => {
  await openMnist();
  const settings = trainingSettings.parse({
    model: autoencoder.models.at(-1),
    engine: 'onnx',
    epochs: 1,
    limit: 32,
    batch_size: 32,
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.25 } },
  });
  const events: RunEventBody[] = [];
  await train(
    { model: autoencoder, folder, settings },
    (list) => void events.push(...list),
    new AbortController().signal,
  );
  const plan = events.find((event) => event.type === 'plan')!;
  const looks = events.filter((event) => event.type === 'layers');
  expect(looks.map(({ step }) => step)).toEqual([1]);
  const { gradients, updates, dead } = looks[0]!;

  const compiled = compileModel(autoencoder, settings.model, settings);
  const before = initialValues(compiled, settings.seed);
  const { variables: after } = await readCheckpoint(join(folder, checkpointPath(1)));
  const norm = (of: (key: string, i: number) => number) =>
    Math.sqrt(
      compiled.variables.reduce(
        (sum, { key }) =>
          sum + Array.from(before[key]!.data, (_, i) => of(key, i) ** 2).reduce((x, y) => x + y, 0),
        0,
      ),
    );
  const change = norm((key, i) => after[key]!.data[i]! - before[key]!.data[i]!);
  const weight = norm((key, i) => before[key]!.data[i]!);
  expect(gradients[0]! / (change / 0.25)).toBeCloseTo(1, 2);
  expect(updates[0]! / (change / weight)).toBeCloseTo(1, 2);
  expect(plan.layers!.length).toBe(gradients.length);
  expect(dead[0]).toBeLessThan(plan.layers![0]!.units);

  // It was told before the step that it looked at.
  const at = (type: string) => events.findIndex((event) => event.type === type);
  expect(at('layers')).toBeLessThan(at('steps'));
});
