import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  forgetCheckpointsAfter,
  newestCheckpoint,
  readCheckpoint,
  removeOldCheckpoints,
  writeCheckpoint,
  type BrokenCheckpoint,
  type Checkpoint,
} from '../../../main/formats/checkpoint.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { tensor } from '../../../shared/program/tensor.ts';
import { classifier } from '../trainer/models.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true }));

const checkpoint = (step: number): Checkpoint => ({
  step,
  epoch: 1,
  model: classifier,
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

test('a bit that changed on the disk is found by the checksum', async () => {
  const file = fileOf(7);
  await writeCheckpoint(file, checkpoint(7));
  const bytes = await readFile(file);
  for (const at of [bytes.length - 1, bytes.indexOf('"step\\":7') + 9]) {
    const changed = Buffer.from(bytes);
    changed[at]! ^= 1;
    await writeFile(file, changed);
    await expect(readCheckpoint(file)).rejects.toThrow(
      `${file}: its content is not what was written`,
    );
  }
});

test('the best one outlives newer ones; what is void, broken or half written goes out of the way', async () => {
  const place = join(folder, 'checkpoints');
  for (const step of [1, 2, 3, 4]) await writeCheckpoint(fileOf(step), checkpoint(step));
  await removeOldCheckpoints(place, 2, 1);
  expect((await readdir(place)).map((name) => Number.parseInt(name.slice(5)))).toEqual([1, 3, 4]);
  await writeFile(join(place, 'step-00000005.safetensors.x.part'), '');
  await writeFile(fileOf(6), 'torn');
  const broken: BrokenCheckpoint[] = [];
  const found = await newestCheckpoint(place, {
    onBroken: (one) => broken.push(one),
    fits: ({ step }) => step <= 3,
  });
  expect(found?.step).toBe(3);
  expect(broken).toEqual([
    { file: fileOf(6), reason: expect.stringContaining('no safetensors file') as string },
  ]);
  await forgetCheckpointsAfter(place, 3, broken);
  const names = [1, 3, 6].map((step) => fileOf(step).slice(place.length + 1));
  expect((await readdir(place)).sort()).toEqual([names[0], names[1], `${names[2]}.broken`]);
});
