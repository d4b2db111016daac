import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { newestCheckpoint } from '../../../main/formats/checkpoint.ts';
import type { TrainerListener, TrainerService } from '../../../main/trainer/contract.ts';
import type { RunEventBody } from '../../../shared/api/events.ts';
import { link, type Remote } from '../../../shared/api/rpc.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { bundleProgram } from '../service/bundle.ts';
import { autoencoder, classifier } from './models.ts';

/** Beside the packages, where the bundle finds ONNX Runtime and MNIST. */
const program = join(
  import.meta.dirname,
  `../../../node_modules/.cache/trainer-test-${process.pid}.mjs`,
);
beforeAll(() => bundleProgram('main/trainer/main.ts', program));
afterAll(() => rm(program));

let folder: string;
let child: ChildProcess;
let trainer: Remote<TrainerService>;
let events: RunEventBody[];
let heartbeats: number[];
let onEvent: (event: RunEventBody) => void;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trainer-'));
  events = [];
  heartbeats = [];
  onEvent = () => {};
  child = fork(program, [], { serialization: 'advanced', execArgv: [] });
  trainer = link<TrainerService, Pick<TrainerListener, 'events' | 'heartbeat'>>(
    {
      post: (message) => void (child.connected && child.send(message as object, () => {})),
      onMessage: (listener) => void child.on('message', listener),
      onClose: (listener) => void child.on('disconnect', listener),
    },
    {
      events(bodies) {
        events.push(...bodies);
        bodies.forEach((body) => onEvent(body));
      },
      heartbeat: () => void heartbeats.push(Date.now()),
    },
  );
});
afterEach(async () => {
  child.kill('SIGKILL');
  await rm(folder, { recursive: true });
});

const settings = (given: object) =>
  trainingSettings.parse({ model: 'autoencoder', engine: 'onnx', limit: 500, ...given });
const start = (given: object) =>
  trainer.train({ model: autoencoder, folder, settings: settings(given) });
const seen = (type: RunEventBody['type']) =>
  new Promise<void>((resolve) => (onEvent = (event) => event.type === type && resolve()));

test('trains, tells and gives signs of life from a process of its own', async () => {
  expect(await start({ epochs: 1 })).toEqual({ state: 'finished' });
  expect(events.at(0)).toEqual({ type: 'state', state: 'loading' });
  expect(events.findLast(({ type }) => type === 'epoch')).toMatchObject({ epoch: 1, step: 4 });
  await expect.poll(() => heartbeats.length, { timeout: 5000 }).toBeGreaterThan(2);
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([null, 'SIGTERM']);
});

test('leaves Ctrl-C to its owner, and stops between two steps', async () => {
  const training = start({ epochs: 100_000 });
  await seen('epoch');
  child.kill('SIGINT');
  await seen('checkpoint');
  await trainer.stop();
  expect(await training).toEqual({ state: 'stopped' });
  const saved = await newestCheckpoint(join(folder, 'checkpoints'));
  const last = events.filter((event) => event.type === 'steps').at(-1)!;
  expect(saved?.step).toBe(last.first + last.losses.length - 1);
});

test('freezes the encoder in mid-run and sets it free: its weights and moments stay, the decoder goes on', async () => {
  const training = start({ epochs: 100_000, limit: 128 });
  const weights = async (after: number) => {
    await expect.poll(() => lastStep(), { timeout: 10_000 }).toBeGreaterThan(after);
    return (await newestCheckpoint(join(folder, 'checkpoints')))!;
  };
  const lastStep = () => events.filter((event) => event.type === 'checkpoint').at(-1)?.step ?? 0;
  const change = (path: string, trainable: boolean) => trainer.setTrainable({ path, trainable });
  const changedAt = () => events.filter((event) => event.type === 'trainable').at(-1)!.step;
  await weights(0);
  await change('autoencoder/encoder', false);
  const frozen = await weights(changedAt());
  const later = await weights(frozen.step + 2);
  const kernel = 'encoder/dense/kernel';
  const moment = (name: string) => `optimizer/${name}/momentum`;
  for (const key of [kernel, moment(kernel), 'encoder/dense/bias'])
    expect(later.variables[key], key).toEqual(frozen.variables[key]);
  for (const key of ['decoder/dense_1/kernel', moment('decoder/dense_1/kernel')])
    expect(later.variables[key], key).not.toEqual(frozen.variables[key]);
  await expect(change('autoencoder/coder', false)).rejects.toMatchObject({ code: 'BAD_MODEL' });

  await change('autoencoder/encoder', true);
  const free = await weights(changedAt());
  expect(free.variables[kernel]).not.toEqual(later.variables[kernel]);
  await trainer.stop();
  await training;
  await expect(change('encoder', false)).rejects.toMatchObject({ code: 'RUN_ENDED' });
});

test('saves and ends when its owner is gone', async () => {
  const training = start({ epochs: 100_000 });
  training.catch(() => {});
  await seen('steps');
  const exit = once(child, 'exit');
  child.disconnect();
  expect(await exit).toEqual([0, null]);
  await expect(training).rejects.toMatchObject({ code: 'CLOSED' });
  expect((await newestCheckpoint(join(folder, 'checkpoints')))!.step).toBeGreaterThan(0);
});

test('errors arrive with their code', async () => {
  const job = { model: classifier, folder, settings: settings({ model: 'digits' }) };
  await expect(trainer.train(job)).rejects.toMatchObject({
    code: 'DATA_DOES_NOT_FIT',
    message: expect.stringContaining('output dense') as string,
  });
});

test('proves and reports engines', async () => {
  const proof = await trainer.prove({ model: autoencoder, settings: settings({}) });
  expect(proof.holds).toBe(true);
  const reports = await trainer.engines(null);
  expect(reports).toContainEqual(
    expect.objectContaining({ engine: 'onnx', provider: 'cpu', works: true }),
  );
});
