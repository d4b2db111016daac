import { StudioError } from '../../shared/api/errors.ts';
import type { ShapedColumn } from '../../shared/data/fit.ts';
import { fittingTasks, PAIR_COLUMNS, type Mapping } from '../../shared/data/mapping.ts';
import { neededColumns } from '../../shared/data/needed.ts';
import type { ModelPorts } from '../../shared/data/ports.ts';
import type { Preprocessing } from '../../shared/data/preprocessing.ts';
import type { RunData } from '../../shared/data/run-data.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import { checkContent } from './built-in.ts';
import { completeData } from './complete.ts';
import type { DataElement, Dataset } from './dataset.ts';
import { pairDataset } from './pairs.ts';
import { shapeSource } from './shape-source.ts';
import { limitSamples, splitData } from './splits.ts';
import { standardise } from './standardise.ts';
import { importData } from './store/import.ts';
import type { ImportOptions } from './store/imported.ts';

/** Data that is decoded, split and shaped to a model. */
export interface TrainingData {
  readonly name: string;
  /** What it is, and all that is done to it. */
  readonly about: RunData;
  readonly training: Dataset;
  readonly validation: Dataset;
  readonly ports: ModelPorts;
  readonly mapping: Mapping;
  /** Of every column of images and numbers, complete. */
  readonly preprocessing: Preprocessing;
  readonly elements: Readonly<Record<string, DataElement>>;
  readonly columns: readonly ShapedColumn[];
  close(): Promise<void>;
}

type Settings = Pick<
  TrainingSettings,
  'data' | 'recognise' | 'task' | 'preprocessing' | 'split' | 'columns' | 'limit' | 'seed'
>;

/**
 * Opens the data that the settings name for a model with these inputs and outputs: recognises it, shapes it to the
 * model, decodes what is not in the cache, and splits it. Throws a StudioError that says what can't be read, or (before
 * anything is decoded) what the model takes that the data does not have.
 */
export async function openTrainingData(
  ports: ModelPorts,
  settings: Settings,
  options: ImportOptions = {},
): Promise<TrainingData> {
  const { source, shaping } = await shapeSource(ports, settings, options.signal);
  const { mapping, standard } = shaping;
  if (mapping.problems.length > 0)
    throw misfit(source.name, ports, shaping.columns, settings.task, mapping);

  const open = (preprocessing: Preprocessing) => importData(source, preprocessing, options);
  let imported = await open(shaping.preprocessing);
  try {
    checkContent(settings, imported.hash);
    const { task } = settings;
    const splitNow = async () => {
      const complete = await completeData(imported, mapping, task);
      const needed = neededColumns(mapping, imported.columns, task);
      return { ...(await splitData(complete, settings.split, needed)), leftOut: complete.leftOut };
    };
    let split = await splitNow();
    if (standard.length > 0) {
      const normalized = await normalize(split.train, shaping.preprocessing, standard);
      await imported.close();
      imported = await open(normalized);
      split = await splitNow();
    }
    const prepared = async (dataset: Dataset) => {
      const part = await limitSamples(dataset, settings.limit);
      return settings.task === 'pairs' ? pairDataset(part, settings.seed) : part;
    };
    const training = await prepared(split.train);
    const image = source.columns.find(({ kind }) => kind === 'image')?.name;
    const preprocessing = {
      ...imported.preprocessing,
      ...(settings.task === 'pairs' &&
        image !== undefined && { [PAIR_COLUMNS.other]: imported.preprocessing[image]! }),
    };
    return {
      name: imported.name,
      about: {
        name: imported.name,
        hash: imported.hash,
        samples: imported.all.size,
        sketch: imported.sketch,
        columns: imported.columns.map(({ name, kind, classes }) => ({
          name,
          kind,
          ...(classes && { classes: [...classes] }),
        })),
        task: settings.task,
        split: split.how,
        ...(split.leftOut && { leftOut: split.leftOut as RunData['leftOut'] }),
        preprocessing,
        ties: mapping.ties as RunData['ties'],
      },
      training,
      validation: await prepared(split.validation),
      ports,
      mapping,
      preprocessing,
      elements: training.elements,
      columns: shaping.columns,
      close: () => imported.close(),
    };
  } catch (error) {
    await imported.close();
    throw error;
  }
}

/** The preprocessing with the mean and deviation of these samples for some columns. */
async function normalize(
  samples: Dataset,
  preprocessing: Preprocessing,
  columns: readonly string[],
): Promise<Preprocessing> {
  const normalized = { ...preprocessing };
  for (const name of columns)
    normalized[name] = { ...preprocessing[name]!, normalize: await standardise(samples, name) };
  return normalized;
}

/** What the model takes that the data does not have, and for which other tasks it would do. */
function misfit(
  data: string,
  ports: ModelPorts,
  columns: readonly ShapedColumn[],
  task: TrainingSettings['task'],
  { problems }: Mapping,
): StudioError {
  const others = fittingTasks(ports, columns).filter((one) => one !== task);
  const hint = others.length > 0 ? ` (the task ${others.join(' or ')} would fit)` : '';
  const message = `${data} does not fit the model: ${problems.map(({ message }) => message).join('; ')}${hint}`;
  return new StudioError('DATA_DOES_NOT_FIT', message);
}
