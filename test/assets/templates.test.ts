import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { templates } from '../../assets/templates/catalogue.ts';
import { templateProject } from '../../main/service/templates.ts';
import { train } from '../../main/trainer/trainer.ts';
import type { RunEventBody } from '../../shared/api/events.ts';
import { parseModelSpec } from '../../shared/keras/spec.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'templates-'));
});
afterAll(() => rm(folder, { recursive: true }));

test.each(Object.keys(templates))('%s is a project that trains on MNIST', async (name) => {
  const { model, training } = templateProject(name);
  expect(parseModelSpec(JSON.parse(JSON.stringify(model)))).toEqual(model);
  const place = join(folder, name);
  for (const inside of ['images', 'checkpoints'])
    await mkdir(join(place, inside), { recursive: true });
  const events: RunEventBody[] = [];
  const settings = { ...training, limit: 96, batch_size: 32, epochs: 2, engine: 'onnx' as const };
  const end = await train(
    { model, settings, folder: place },
    (bodies) => events.push(...bodies),
    new AbortController().signal,
  );
  expect(end.state).toBe('finished');
  const epochs = events.filter((event) => event.type === 'epoch');
  expect(epochs.map(({ step }) => step)).toEqual([0, 3, 6]);
  const [before, , after] = epochs;
  expect(after!.valLoss!).toBeLessThan(before!.valLoss! * 1.05);
  const metrics =
    training.metrics instanceof Array ? training.metrics : Object.values(training.metrics).flat();
  const logged = Object.keys(after!.logs ?? {}).filter((log) => /^val_.*accuracy$/.test(log));
  expect(logged).toHaveLength(metrics.length);
});
