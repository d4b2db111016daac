import type { Project } from '../../shared/api/contract.ts';
import { modelPorts, type ModelPorts } from '../../shared/data/ports.ts';
import type { Preprocessing } from '../../shared/data/preprocessing.ts';
import { shapeData } from '../../shared/data/resolve.ts';
import type { DataSettings } from '../../shared/data/settings.ts';
import { fittingTask } from '../../shared/data/task.ts';
import { lookAtData, type FoundData } from '../data/look-at-data.ts';
import { importData } from '../data/store/import.ts';
import { getBuiltIn } from './built-in-data.ts';
import { viewDataset, type DatasetView } from './dataset-view.ts';
import type { ImportJob } from './import-jobs.ts';

/**
 * Recognises data and brings it into the cache as the project's model takes it, so that a training finds it there; data
 * that does not fit the model, or has none, is brought in as suits itself. Built-in data that are not here yet are
 * downloaded. Throws what `download`, `recognise` and `importData` throw.
 */
export async function openDataset(
  settings: DataSettings,
  project: Pick<Project, 'model' | 'training'> | null,
  job: ImportJob,
): Promise<DatasetView> {
  await getBuiltIn(settings.data, job);
  const found = await lookAtData(settings, job.signal);
  const preprocessing = preprocessingFor(found, project && portsOf(project), settings);
  const imported = await importData(found.source, preprocessing, {
    signal: job.signal,
    onProgress: ({ phase, done, total, rate, secondsLeft }) =>
      job.tell({
        phase: phase === 'wait' ? 'look' : phase,
        unit: 'samples',
        ...{ done, total, rate, secondsLeft },
      }),
  });
  return viewDataset(imported, found);
}

function preprocessingFor(
  { source, suggested }: FoundData,
  ports: ModelPorts | null,
  settings: DataSettings,
): Preprocessing {
  if (!ports) return suggested;
  const task = fittingTask(ports, source.columns, suggested, settings);
  const { mapping, preprocessing } = shapeData(ports, source.columns, suggested, {
    ...settings,
    task,
  });
  return mapping.problems.length === 0 ? preprocessing : suggested;
}

/** Null for a model that can't be trained as it is: its data can be looked at all the same. */
function portsOf({ model, training }: Pick<Project, 'model' | 'training'>): ModelPorts | null {
  try {
    return modelPorts(model, training.model, training);
  } catch {
    return null;
  }
}
