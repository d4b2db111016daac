import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { findProject } from '../../../main/service/project.ts';
import { forkTrainer } from '../../../main/service/fork-trainer.ts';
import type { StartTrainer } from '../../../main/service/trainer-process.ts';
import type { TrainingSettings } from '../../../shared/keras/training-settings.ts';
import { bundleProgram } from './bundle.ts';

/** A folder of the test file's own, removed in the end. */
export const folder = await mkdtemp(join(tmpdir(), 'matryoshka-test-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The seed's model and settings. */
export const { model, training } = await findProject('autoencoder');

/** Where the small trainer of the tests lies as a program. */
export const trainerProgram = await bundleProgram(
  join(import.meta.dirname, 'trainer-child.ts'),
  join(folder, 'trainer-child.mjs'),
);

/** Starts the small trainer. */
export const startTrainer: StartTrainer = () => forkTrainer(trainerProgram);

/** Settings under which the small trainer behaves as the query says. */
export function behaving(query: string, epochs = 2): TrainingSettings {
  return { ...training, data: query, epochs };
}
