import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  modelHash,
  newestCheckpoint,
  readCheckpoint,
  removeOldCheckpoints,
  writeCheckpoint,
  type Checkpoint,
} from '../../../main/formats/checkpoint.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { tensor } from '../../../shared/program/tensor.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

const checkpoint = (step: number): Checkpoint => ({
  step,
  epoch: 1,
  model: '0123456789abcdef',
  settings: trainingSettings.parse({ model: 'autoencoder', seed: 3 }),
  variables: { 'encoder/dense/kernel': tensor([step, 0.1], [2, 1]) },
});
const fileOf = (step: number) => join(folder, 'checkpoints', `step-${String(step).padStart(8, '0')}.safetensors`); // prettier-ignore

test('a checkpoint comes back as it was and leaves nothing else behind', async () => {
  await writeCheckpoint(fileOf(5), checkpoint(5));
  const { variables, ...info } = await readCheckpoint(fileOf(5));
  expect({ ...info, variables: { ...variables } }).toEqual(checkpoint(5));
  expect(await readdir(join(folder, 'checkpoints'))).toEqual(['step-00000005.safetensors']);
});

test('the newest whole one is found, the oldest are removed', async () => {
  const checkpoints = join(folder, 'checkpoints');
  expect(await newestCheckpoint(checkpoints)).toBeNull();
  for (const step of [1, 20, 300, 4000]) await writeCheckpoint(fileOf(step), checkpoint(step));
  expect((await newestCheckpoint(checkpoints))?.step).toBe(4000);
  await removeOldCheckpoints(checkpoints, 3);
  expect((await readdir(checkpoints)).length).toBe(3);
  await truncate(fileOf(4000), 100);
  expect((await newestCheckpoint(checkpoints))?.step).toBe(300);
});

test('a broken file is refused by name', async () => {
  const file = join(folder, 'other.safetensors');
  await writeFile(file, Buffer.from('\u0002\0\0\0\0\0\0\0{}', 'latin1'));
  await expect(readCheckpoint(file)).rejects.toThrow(`${file}: no checkpoint`);
});

test('the fingerprint of a model depends on what it says, not on the order of keys', () => {
  const layer = { class_name: 'Dense', config: { name: 'a', units: 3 } };
  const spec: ModelSpec = { version: 1, layers: { a: layer }, models: ['a'] };
  const turned = { models: ['a'], layers: { a: { config: { units: 3, name: 'a' }, class_name: 'Dense' } }, version: 1 } as const; // prettier-ignore
  expect(modelHash(turned)).toBe(modelHash(spec));
  const other = { ...spec, layers: { a: { ...layer, config: { name: 'a', units: 4 } } } };
  expect(modelHash(other)).not.toBe(modelHash(spec));
});
