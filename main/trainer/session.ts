import type { EngineChoice } from '../../shared/api/events.ts';
import {
  compileModel,
  freshSlots,
  initialValues,
  LEARNING_RATE,
  type CompiledModel,
} from '../../shared/program/step.ts';
import { scalar, type NamedTensors } from '../../shared/program/tensor.ts';
import { naturalOrder, type Batch } from '../data/batches.ts';
import { firstSamples, type Dataset } from '../data/dataset.ts';
import { openData } from '../data/open.ts';
import { pairDataset } from '../data/pairs.ts';
import type { Engine, Executable, Variables } from '../engines/engine.ts';
import { select } from '../engines/select.ts';
import { bindData, type BindBatch } from './binding.ts';
import type { TrainJob } from './contract.ts';
import { randomFeeds } from './feeds.ts';

/** Everything that a training works with, ready for its next step. */
export interface Session extends Programs {
  readonly training: Dataset;
  readonly validation: Dataset;
  readonly stepsPerEpoch: number;
  readonly engine: Engine;
  readonly choice: EngineChoice;
  readonly variables: Variables;
  readonly bind: BindBatch;
}

/** What a training runs: made anew when a part of the model is frozen or set free. */
interface Programs {
  readonly compiled: CompiledModel;
  readonly step: Executable;
  readonly evaluate: Executable;
  /** The feeds of a training step after so many updates. */
  stepFeeds(batch: Batch, updates: number): NamedTensors;
}

/**
 * Loads the data, ties it to the model, chooses the engine by the time that it takes for the first batch, and puts the
 * first weights on the device. Null when `stop` is aborted meanwhile. Throws what `bindData`, `openData` and
 * `compileModel` throw.
 */
export async function openSession(
  { model: spec, settings }: Pick<TrainJob, 'model' | 'settings'>,
  stop: AbortSignal,
  onCompile: () => void,
): Promise<Session | null> {
  const { seed, batch_size: batchSize, limit } = settings;
  const compiled = compileModel(spec, settings.model, settings);
  const data = await openData(settings.data);
  const paired = async (dataset: Dataset) =>
    settings.task === 'pairs' ? pairDataset(dataset, seed) : dataset;
  const training = await paired(firstSamples(data.train, limit));
  const validation = await paired(firstSamples(data.test, limit));
  const bind = bindData(spec, settings.model, compiled, settings, { ...data, train: training });
  const stepFeeds = feedsOf(compiled, bind, seed);

  onCompile();
  const initial = initialValues(compiled, seed);
  const size = Math.min(batchSize, training.size);
  const first = { size, elements: await training.batch(naturalOrder(size)) };
  const sample = { program: compiled.train, variables: initial, feeds: stepFeeds(first, 0) };
  const selection = await unlessAborted(stop, select(settings.engine, { sample }));
  if (!selection) return null;
  const { engine, choice } = selection;
  return {
    training,
    validation,
    stepsPerEpoch: Math.ceil(training.size / batchSize),
    engine,
    choice,
    variables: await engine.variables(initial),
    bind,
    ...(await prepare(engine, compiled, bind, seed)),
  };
}

/**
 * The session with other parts of its model frozen: the weights and the optimizer's state stay, also that of frozen
 * layers. What it throws leaves the session as it was.
 */
export async function recompile(
  session: Session,
  { model: spec, settings }: Pick<TrainJob, 'model' | 'settings'>,
): Promise<Session> {
  const compiled = compileModel(spec, settings.model, settings);
  const programs = await prepare(session.engine, compiled, session.bind, settings.seed);
  await session.variables.add(freshSlots(compiled.slots));
  await session.step.dispose();
  await session.evaluate.dispose();
  return { ...session, ...programs };
}

async function prepare(
  engine: Engine,
  compiled: CompiledModel,
  bind: BindBatch,
  seed: number,
): Promise<Programs> {
  return {
    compiled,
    step: await engine.compile(compiled.train),
    evaluate: await engine.compile(compiled.evaluate),
    stepFeeds: feedsOf(compiled, bind, seed),
  };
}

function feedsOf(compiled: CompiledModel, bind: BindBatch, seed: number): Programs['stepFeeds'] {
  return (batch, updates) => ({
    ...bind(batch.elements),
    ...randomFeeds(compiled.train, batch.size, seed, updates),
    [LEARNING_RATE]: scalar(compiled.learningRate(updates)),
  });
}

/** What the promise gives, or null as soon as the signal is aborted. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T | null> {
  const aborted = new Promise<null>((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
  return Promise.race([promise, aborted]);
}
