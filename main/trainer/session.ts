import type { EngineChoice, ImportState, Preparation } from '../../shared/api/events.ts';
import { modelPorts } from '../../shared/data/ports.ts';
import { classWeightFeeds } from '../../shared/keras/class-weight.ts';
import type { TrainingSettings } from '../../shared/keras/training-settings.ts';
import {
  compileModel,
  freshSlots,
  initialValues,
  LEARNING_RATE,
  type CompiledModel,
} from '../../shared/program/step.ts';
import { scalar, type NamedTensors } from '../../shared/program/tensor.ts';
import { naturalOrder, type Batch } from '../data/batches.ts';
import { cacheFolder } from '../data/cache-folder.ts';
import { openTrainingData, type TrainingData } from '../data/training-data.ts';
import type { Engine, Executable, Variables } from '../engines/engine.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import { bindData } from './binding.ts';
import { chooseEngine } from './choose-engine.ts';
import type { TrainJob } from './contract.ts';
import { randomFeeds } from './feeds.ts';
import { givenWeights } from './given-weights.ts';
import { checkData } from './resume.ts';
import { createAugmenter, noisyColumns, type Augmenter, type Purpose } from './variation.ts';

/** Is told, and waited for, before each part of the preparation. */
export type TellPreparation = (next: Preparation) => Promise<void>;

/** The share of the preparation after which programs are compiled for the engine that was chosen. */
const COMPILED_FROM = 0.5;

/** Everything that a training works with, ready for its next step. */
export interface Session extends Programs {
  readonly data: TrainingData;
  readonly stepsPerEpoch: number;
  readonly engine: Engine;
  readonly choice: EngineChoice;
  readonly variables: Variables;
  readonly augmenter: Augmenter;
  /** The feeds of inputs and targets; where the task adds noise, that of the purpose. */
  feeds(batch: Pick<Batch, 'samples' | 'elements'>, purpose: Purpose): NamedTensors;
}

/** What a training runs: made anew when a part of the model is frozen or set free. */
interface Programs {
  readonly compiled: CompiledModel;
  readonly step: Executable;
  readonly evaluate: Executable;
  /** The feeds of a training step after so many updates, its images varied as the settings say. */
  stepFeeds(batch: Batch, updates: number): Promise<NamedTensors>;
}

/**
 * Opens the data and shapes it to the model, chooses the engine by the time that it takes for the first batch, and puts
 * the first weights on the device; with a checkpoint its weights, and its engine where it still works. Null when `stop`
 * is aborted meanwhile. Throws what `openTrainingData`, `compileModel` and `checkData` throw.
 */
export async function openSession(
  { model: spec, settings, chooseAnew }: Pick<TrainJob, 'model' | 'settings' | 'chooseAnew'>,
  stop: AbortSignal,
  checkpoint: Checkpoint | null,
  { onImport, tell }: { onImport: (progress: ImportState) => void; tell: TellPreparation },
): Promise<Session | null> {
  const { seed, batch_size: batchSize } = settings;
  const ports = modelPorts(spec, settings.model, settings);
  const data = await openTrainingData(ports, settings, {
    signal: stop,
    onProgress: onImport,
  }).catch((error: unknown) => {
    if (stop.aborted) return null;
    throw error;
  });
  if (!data) return null;
  if (checkpoint) checkData(data.about, checkpoint);
  const { training } = data;
  const bind = bindData(ports, data.mapping, data.columns);
  const feeds: Session['feeds'] = ({ samples, elements }, purpose) =>
    bind(elements, noisyColumns(data, settings, samples, elements, purpose));

  await tell({ part: 'differentiate', share: 0 });
  const compiled = compileModel(spec, settings.model, settings);
  const drawn = initialValues(compiled, seed);
  const initial = { ...drawn, ...(checkpoint?.variables ?? (await givenWeights(settings, drawn))) };
  const samples = naturalOrder(Math.min(batchSize, training.size));
  const first = { size: samples.length, samples, elements: await training.batch(samples) };
  const sample = {
    program: compiled.train,
    variables: initial,
    feeds: trainingFeeds(compiled, feeds(first, { updates: 0 }), settings, first.size, 0),
  };
  const selecting = chooseEngine(settings.engine, checkpoint?.progress?.engine ?? null, {
    sample,
    cache: cacheFolder(),
    anew: chooseAnew,
    tell: ({ engine, provider }, done, total) =>
      tell({
        part: 'time',
        of: `${engine} (${provider})`,
        share: COMPILED_FROM * (0.1 + (0.9 * done) / total),
      }),
  });
  const selection = await unlessAborted(stop, selecting);
  if (!selection) return null;
  const { engine, choice } = selection;
  const work = { engine, feeds, augmenter: await createAugmenter(engine, data, settings) };
  return {
    data,
    stepsPerEpoch: Math.ceil(training.size / batchSize),
    choice,
    variables: await engine.variables(initial),
    ...work,
    ...(await prepare(work, compiled, settings, tell)),
  };
}

/**
 * The session with other parts of its model frozen: the weights and the optimizer's state stay, also that of frozen
 * layers. What it throws leaves the session as it was.
 */
export async function recompile(
  session: Session,
  { model: spec, settings }: Pick<TrainJob, 'model' | 'settings'>,
  tell: TellPreparation,
): Promise<Session> {
  await tell({ part: 'differentiate', share: 0 });
  const compiled = compileModel(spec, settings.model, settings);
  const programs = await prepare(session, compiled, settings, tell);
  await session.variables.add(freshSlots(compiled.slots));
  await session.step.dispose();
  await session.evaluate.dispose();
  return { ...session, ...programs };
}

async function prepare(
  { engine, feeds, augmenter }: Pick<Session, 'engine' | 'feeds' | 'augmenter'>,
  compiled: CompiledModel,
  settings: TrainingSettings,
  tell: TellPreparation,
): Promise<Programs> {
  const compile = (name: 'train' | 'evaluate', from: number, to: number) =>
    engine.compile(compiled[name], (part) =>
      tell({ part, of: name, share: part === 'lower' ? from : from + (to - from) / 3 }),
    );
  return {
    compiled,
    step: await compile('train', COMPILED_FROM, 0.9),
    evaluate: await compile('evaluate', 0.9, 1),
    async stepFeeds(batch, updates) {
      const elements = await augmenter.augment(batch, updates);
      const data = feeds({ ...batch, elements }, { updates });
      return trainingFeeds(compiled, data, settings, batch.size, updates);
    },
  };
}

/** What a training step takes: the data, and what it draws, how far it goes, what each sample counts for. */
function trainingFeeds(
  compiled: CompiledModel,
  data: NamedTensors,
  { seed, class_weight }: TrainingSettings,
  size: number,
  updates: number,
): NamedTensors {
  return {
    ...data,
    ...classWeightFeeds(compiled.targets, data, class_weight),
    ...randomFeeds(compiled.train, size, seed, updates),
    [LEARNING_RATE]: scalar(compiled.learningRate(updates)),
  };
}

/** What the promise gives, or null as soon as the signal is aborted. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | null> {
  const aborted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  return Promise.race([promise, aborted]);
}
