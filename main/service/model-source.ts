import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ModelSource } from '../trainer/contract.ts';
import { findProject } from './project.ts';
import { readRunRecord, runFile } from './run-record.ts';

/** The models and weights of a run's folder; or of a project or template, with the weights that its training begins with. */
export async function findModel(nameOrPath: string): Promise<ModelSource> {
  if (existsSync(runFile(nameOrPath))) return modelOfRun(nameOrPath);
  const { model, training } = await findProject(nameOrPath);
  return { spec: model, main: training.model, weights: { seed: training.seed } };
}

/** The models of a run with the weights of its newest checkpoint. */
export async function modelOfRun(folder: string): Promise<ModelSource> {
  const { model, settings } = await readRunRecord(folder);
  return {
    spec: model,
    main: settings.model,
    weights: { checkpoints: join(folder, 'checkpoints') },
  };
}
