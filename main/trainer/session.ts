import type { EngineChoice } from '../../shared/api/events.ts';
import {
  compileModel,
  initialValues,
  LEARNING_RATE,
  type CompiledModel,
} from '../../shared/program/step.ts';
import { scalar, type NamedTensors } from '../../shared/program/tensor.ts';
import { batches, naturalOrder, type Batch } from '../data/batches.ts';
import { firstSamples, type Dataset } from '../data/dataset.ts';
import { openData } from '../data/open.ts';
import { pairDataset } from '../data/pairs.ts';
import type { Engine, Executable, Variables } from '../engines/engine.ts';
import { select } from '../engines/select.ts';
import { bindData, type BindBatch } from './binding.ts';
import type { TrainJob } from './contract.ts';
import { randomFeeds } from './feeds.ts';

/** Everything that a training works with, ready for its first step. */
export interface Session {
  readonly compiled: CompiledModel;
  readonly training: Dataset;
  readonly validation: Dataset;
  readonly stepsPerEpoch: number;
  readonly engine: Engine;
  readonly choice: EngineChoice;
  readonly step: Executable;
  readonly evaluate: Executable;
  readonly variables: Variables;
  readonly bind: BindBatch;
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
  const paired = (dataset: Dataset) =>
    settings.task === 'pairs' ? pairDataset(dataset, seed) : dataset;
  const training = paired(firstSamples(data.train, limit));
  const validation = paired(firstSamples(data.test, limit));
  const bind = bindData(spec, settings.model, compiled, settings, { ...data, train: training });
  const stepFeeds = (batch: Batch, updates: number): NamedTensors => ({
    ...bind(batch.elements),
    ...randomFeeds(compiled.train, batch.size, seed, updates),
    [LEARNING_RATE]: scalar(compiled.learningRate(updates)),
  });

  onCompile();
  const initial = initialValues(compiled, seed);
  const [first] = batches(training, naturalOrder(Math.min(batchSize, training.size)), batchSize);
  const sample = { program: compiled.train, variables: initial, feeds: stepFeeds(first!, 0) };
  const selection = await unlessAborted(stop, select(settings.engine, { sample }));
  if (!selection) return null;
  const { engine, choice } = selection;
  return {
    compiled,
    training,
    validation,
    stepsPerEpoch: Math.ceil(training.size / batchSize),
    engine,
    choice,
    step: await engine.compile(compiled.train),
    evaluate: await engine.compile(compiled.evaluate),
    variables: await engine.variables(initial),
    bind,
    stepFeeds,
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
