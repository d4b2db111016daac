import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { KnownModel, ModelSource } from '../trainer/contract.ts';
import { findProject } from './project.ts';
import { readRunRecord, runFile } from './run-record.ts';

/**
 * The models and weights of a run's folder, of a model's file (or the folder of a `model.json`), or of a project or
 * template with the weights that its training begins with; `laid` names a file whose weights are laid onto it.
 */
export async function findModel(nameOrPath: string, laid?: string): Promise<ModelSource> {
  return { ...(await find(nameOrPath)), ...(laid !== undefined && { laid: resolve(laid) }) };
}

async function find(nameOrPath: string): Promise<ModelSource> {
  if (await isFile(runFile(nameOrPath))) return modelOfRun(nameOrPath);
  const inFolder = join(nameOrPath, 'model.json');
  if (await isFile(inFolder)) return { file: inFolder };
  if ((await isFile(nameOrPath)) && !nameOrPath.endsWith('project.json'))
    return { file: nameOrPath };
  const { model, training } = await findProject(nameOrPath);
  return { spec: model, main: training.model, weights: training };
}

/** The models of a run with the weights of its newest checkpoint. */
export async function modelOfRun(folder: string): Promise<KnownModel> {
  const run = await readRunRecord(folder);
  const weights = { checkpoints: join(folder, 'checkpoints') };
  return { spec: run.model, main: run.settings.model, weights, run };
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
