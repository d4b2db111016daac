import { join } from 'node:path';
import { StudioError } from '../../shared/api/errors.ts';
import type { Preparation, RunEventBody, TrainableChange } from '../../shared/api/events.ts';
import { setTrainable } from '../../shared/keras/trainable.ts';
import { LEARNING_RATE } from '../../shared/program/step.ts';
import { createTally, type Logs } from '../../shared/program/tally.ts';
import { batches, naturalOrder, shuffledOrder } from '../data/batches.ts';
import { modelHash, removeOldCheckpoints, writeCheckpoint } from '../formats/checkpoint.ts';
import { adapt } from './adapt.ts';
import { Changes } from './changes.ts';
import { checkpointPath, type TrainJob } from './contract.ts';
import { createPainter } from './painter.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { openSession, recompile } from './session.ts';

/** Checkpoints that a run keeps. */
const KEPT = 3;

/** How a training ended, when nothing went wrong. */
export interface TrainingEnd {
  readonly state: 'finished' | 'stopped';
}

/**
 * Trains a model from the first sample to the last epoch. What happens goes to `send`, in order; pictures and
 * checkpoints go below the run's folder. When `stop` is aborted, the training ends after the current step, with a
 * checkpoint. `changes` are made between two steps. Throws an error that says what is wrong with model, data or settings before the first step, and when a
 * loss is no number.
 */
export async function train(
  job: TrainJob,
  send: (events: readonly RunEventBody[]) => void,
  stop: AbortSignal,
  changes = new Changes(),
): Promise<TrainingEnd> {
  const report = createReporter(send);
  try {
    return await trainReporting(job, report, stop, changes);
  } finally {
    changes.close();
    report.close();
  }
}

async function trainReporting(
  job: TrainJob,
  report: Reporter,
  stop: AbortSignal,
  changes: Changes,
): Promise<TrainingEnd> {
  const { settings, folder } = job;
  const { seed, epochs, batch_size: batchSize } = settings;

  report.emit({ type: 'state', state: 'loading' });
  const preparing = async (next: Preparation) => {
    if (next.part === 'differentiate') report.emit({ type: 'state', state: 'compiling' });
    report.emit({ type: 'preparing', ...next });
    await messages(); // what comes next may keep this process from sending
  };
  const opened = await openSession(job, stop, {
    onImport: (progress) => report.emit({ type: 'import', ...progress }),
    tell: preparing,
  });
  if (!opened) return { state: 'stopped' };
  let [session, model] = [opened, job.model];
  const { stepsPerEpoch, engine, variables } = session;
  const { training, validation } = session.data;
  const painter = await createPainter(session, job);

  let done = 0; // optimizer updates
  let epochsDone = 0;
  let saved = -1; // the step of the last checkpoint
  let trained = 0; // seconds of training: steps, and waiting for their batches
  let waited = 0; // seconds of it that passed before a batch was there

  /** Loss and metrics over the validation samples, or null when the training is stopped meanwhile. */
  async function validate(): Promise<Logs | null> {
    report.emit({ type: 'state', state: 'validating' });
    const total = Math.ceil(validation.size / batchSize);
    const tally = createTally(session.compiled.metrics);
    let [count, told] = [0, 0];
    for await (const batch of batches(validation, naturalOrder(validation.size), batchSize)) {
      if (stop.aborted) return null;
      const feeds = session.feeds(batch, 'validation');
      tally.add(await session.evaluate.run(variables, feeds), batch.size);
      count += 1;
      if (count === total || performance.now() - told > 100) {
        report.emit({ type: 'validation', done: count, total });
        told = performance.now();
      }
      await messages();
    }
    const logs = tally.logs();
    const mean = logs['loss'] as number;
    if (!Number.isFinite(mean)) throw lossIsNoNumber('validation loss', mean, done, epochsDone);
    return logs;
  }

  async function save() {
    if (saved === done) return;
    report.emit({ type: 'state', state: 'saving' });
    const where = { step: done, epoch: epochsDone };
    const checkpoint = { ...where, settings, model: modelHash(model) };
    const values = await variables.read();
    await writeCheckpoint(join(folder, checkpointPath(done)), { ...checkpoint, variables: values });
    await removeOldCheckpoints(join(folder, 'checkpoints'), KEPT);
    saved = done;
    report.emit({ type: 'checkpoint', ...where });
  }

  /** An engine that fails at a step leaves the weights as they were: they are kept where they can still be read. */
  async function saveAndThrow(error: unknown): Promise<never> {
    await save().catch(() => {});
    throw error;
  }

  /** Freezes a part of the model or sets it free, between two steps. */
  async function setTrainableHere({ path, trainable }: TrainableChange) {
    const next = setTrainable(model, path, trainable);
    if (next === model) return;
    try {
      session = await recompile(session, { model: next, settings }, preparing);
      model = next;
      report.emit({ type: 'trainable', step: done, path, trainable });
    } finally {
      report.emit({ type: 'state', state: 'training' });
    }
  }

  async function paint() {
    const result = await painter?.paint(done, trained);
    if (result) report.emit({ type: 'images', step: done, ...result });
  }

  report.emit({
    type: 'plan',
    epochs,
    stepsPerEpoch,
    batchSize,
    trainSamples: training.size,
    validationSamples: validation.size,
    engine: session.choice,
    data: session.data.about,
    ...(painter && { images: painter.images }),
  });

  let adaptingTold: number | null = null;
  await adapt(session, model, settings, stop, (done, total) => {
    if (adaptingTold === null) report.emit({ type: 'state', state: 'adapting' });
    if (done < total && performance.now() - (adaptingTold ?? 0) < 100) return;
    adaptingTold = performance.now();
    report.emit({ type: 'adapting', done, total });
  });

  const began = performance.now();
  await paint();
  const judged = await validate();
  if (judged !== null)
    report.emit({
      type: 'epoch',
      epoch: 0,
      step: 0,
      ...epochLogs(null, judged),
      samplesPerSecond: 0,
      seconds: secondsSince(began),
    });

  while (epochsDone < epochs && !stop.aborted) {
    const epoch = epochsDone + 1;
    const epochBegan = performance.now();
    const [trainedBefore, waitedBefore] = [trained, waited];
    const order = shuffledOrder(training.size, seed, epoch);
    const tally = createTally(session.compiled.metrics);
    report.emit({ type: 'state', state: 'training' });
    await changes.make(setTrainableHere);

    let mark = performance.now(); // since when the training waits for a batch, then for its step
    for await (const batch of batches(training, order, batchSize)) {
      const waitedNow = secondsSince(mark);
      waited += waitedNow;
      const feeds = await session.stepFeeds(batch, done);
      const outputs = await session.step.run(variables, feeds).catch(saveAndThrow);
      done += 1;
      const value = outputs['loss']!.data[0]!;
      if (!Number.isFinite(value)) throw lossIsNoNumber('loss', value, done, epoch);
      tally.add(outputs, batch.size);
      const seconds = secondsSince(mark);
      const rate = feeds[LEARNING_RATE]!.data[0]!;
      report.step(done, { loss: value, rate, seconds, waited: waitedNow });
      trained += seconds;
      await paint();
      await messages();
      if (stop.aborted) break;
      await changes.make(setTrainableHere);
      mark = performance.now();
    }
    if (done < epoch * stepsPerEpoch) break;

    epochsDone = epoch;
    await save();
    report.emit({
      type: 'epoch',
      epoch,
      step: done,
      ...epochLogs(tally.logs(), await validate()),
      samplesPerSecond: training.size / (trained - trainedBefore),
      waiting: (waited - waitedBefore) / (trained - trainedBefore),
      seconds: secondsSince(epochBegan),
    });
  }
  await save();
  await engine.dispose();
  return { state: epochsDone === epochs ? 'finished' : 'stopped' };
}

/** Logs of training and validation by Keras's names: the losses apart, the others together. */
function epochLogs(trained: Logs | null, judged: Logs | null) {
  const { loss = null, ...own } = trained ?? {};
  const { loss: valLoss = null, ...others } = judged ?? {};
  const validation = Object.entries(others).map(([name, value]) => [`val_${name}`, value] as const);
  const logs: Logs = { ...own, ...Object.fromEntries(validation) };
  return {
    loss: loss as number | null,
    valLoss: valLoss as number | null,
    ...(Object.keys(logs).length > 0 && { logs }),
  };
}

/** Lets messages in, also with an engine whose runs never wait. */
function messages(): Promise<void> {
  return new Promise(setImmediate);
}

function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}

function lossIsNoNumber(what: string, value: number, step: number, epoch: number): StudioError {
  return new StudioError(
    'LOSS_NOT_FINITE',
    `the ${what} became ${value} at step ${step} (epoch ${epoch}), so the training ended; a smaller learning rate often helps`,
  );
}
