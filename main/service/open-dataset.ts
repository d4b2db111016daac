import type { Project } from '../../shared/api/contract.ts';
import { modelPorts, type ModelPorts } from '../../shared/data/ports.ts';
import type { Preprocessing } from '../../shared/data/preprocessing.ts';
import { shapeData } from '../../shared/data/resolve.ts';
import { dataSettings } from '../../shared/data/settings.ts';
import { fittingTask } from '../../shared/data/task.ts';
import { lookAtData, type FoundData } from '../data/look-at-data.ts';
import { importData } from '../data/store/import.ts';
import { viewDataset, type DatasetView } from './dataset-view.ts';
import type { ImportJob } from './import-jobs.ts';

/**
 * Recognises a dataset and brings it into the cache as the project's model takes it, so that a training finds it there;
 * data that does not fit the model is brought in as suits itself. The project's corrections count for the data that it
 * trains on. Throws what `recognise` and `importData` throw.
 */
export async function openDataset(
  data: string,
  { model, training }: Project,
  job: ImportJob,
): Promise<DatasetView> {
  const settings = data === training.data ? training : { ...training, data, ...untouched };
  const found = await lookAtData(settings, job.signal);
  const preprocessing = preprocessingFor(found, portsOf(model, training), settings);
  const imported = await importData(found.source, preprocessing, {
    signal: job.signal,
    onProgress: ({ phase, done, total, rate, secondsLeft }) =>
      job.tell({
        phase: phase === 'wait' ? 'look' : phase,
        unit: 'samples',
        ...{ done, total, rate, secondsLeft },
      }),
  });
  return viewDataset(imported, found.suggested);
}

/** What other data starts with. */
const untouched = {
  recognise: {},
  preprocessing: {},
  columns: dataSettings.columns.parse({}),
};

type Settings = Pick<Project['training'], 'task' | 'columns' | 'preprocessing'>;

function preprocessingFor(
  { source, suggested }: FoundData,
  ports: ModelPorts | null,
  settings: Settings,
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
function portsOf(model: Project['model'], training: Project['training']): ModelPorts | null {
  try {
    return modelPorts(model, training.model, training);
  } catch {
    return null;
  }
}
