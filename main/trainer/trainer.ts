import type {
  Preparation,
  RunEventBody,
  RunState,
  TrainableChange,
} from '../../shared/api/events.ts';
import { setTrainable } from '../../shared/keras/trainable.ts';
import { LEARNING_RATE } from '../../shared/program/step.ts';
import type { Logs } from '../../shared/program/tally.ts';
import { scalar } from '../../shared/program/tensor.ts';
import { batches, shuffledOrder } from '../data/batches.ts';
import { environmentHere } from '../engines/machine.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import { adapt } from './adapt.ts';
import { createCallbacks, type CallbacksState } from './callbacks/callbacks.ts';
import { createNanWatch } from './callbacks/nan-watch.ts';
import { lossIsNoNumber } from './callbacks/terminate-on-nan.ts';
import { createCheckpoints } from './checkpoints.ts';
import type { TrainJob } from './contract.ts';
import { Control, type Request } from './control.ts';
import { withBatchAdvice } from './memory.ts';
import { createPainter } from './painter.ts';
import { createReporter, type Reporter } from './reporter.ts';
import { clearAfter, findStart } from './resume.ts';
import { openSession, recompile } from './session.ts';
import { beginEpoch, beginTraining, secondsSince } from './training.ts';
import { evaluate } from './validation.ts';
import { createWatcher } from './watcher.ts';

/** How a training ended, when nothing went wrong. */
export interface TrainingEnd {
  readonly state: 'finished' | 'stopped';
}

/**
 * Trains a model from the first sample, or where a checkpoint left it, to the last epoch. What happens goes to `send`,
 * in order; pictures and checkpoints go below the run's folder. When `stop` is aborted, the training ends after the
 * current step, with a checkpoint. What `control` is told is done between two steps. Throws an error that says what is
 * wrong with model, data or settings before the first step, and when a loss is no number.
 */
export async function train(
  job: TrainJob,
  send: (events: readonly RunEventBody[]) => void,
  stop: AbortSignal,
  control = new Control(),
): Promise<TrainingEnd> {
  const report = createReporter(send);
  try {
    return await trainReporting(job, report, stop, control);
  } finally {
    control.close();
    report.close();
  }
}

async function trainReporting(
  job: TrainJob,
  report: Reporter,
  stop: AbortSignal,
  control: Control,
): Promise<TrainingEnd> {
  const { settings } = job;
  const { seed, epochs, batch_size: batchSize } = settings;
  const enter = (state: RunState) => report.emit({ type: 'state', state });

  enter('loading');
  const preparing = async (next: Preparation) => {
    if (next.part === 'differentiate') enter('compiling');
    report.emit({ type: 'preparing', ...next });
    await messages(); // what comes next may keep this process from sending
  };
  const start = job.resume ? await findStart(job, job.resume) : null;
  const checkpoint = start?.checkpoint ?? null;
  const model = checkpoint?.model ?? job.model;
  const opened = await openSession({ ...job, model }, stop, checkpoint, {
    onImport: (progress) => report.emit({ type: 'import', ...progress }),
    tell: preparing,
  });
  if (!opened) return { state: 'stopped' };
  if (start) {
    await clearAfter(job, start);
    report.emit({ type: 'resumed', ...start.resumption });
  }
  const at = beginTraining(opened, model, checkpoint);
  const { stepsPerEpoch, engine, variables } = opened;
  const { training, validation } = opened.data;
  const painter = await createPainter(opened, job);
  const watcher = createWatcher(model, settings, epochs * stepsPerEpoch);
  const callbacks = await createCallbacks(
    { job, session: () => at.session, emit: report.emit },
    checkpoint && callbacksState(checkpoint, epochs),
  );
  const nans = createNanWatch(at, job);
  const checkpoints = createCheckpoints(job, at, callbacks, report, checkpoint !== null);
  const changes = [...(job.changes ?? [])];
  const isOver = () => stop.aborted || at.step >= (job.until ?? Infinity);

  /** Freezes a part of the model or sets it free, between two steps. */
  async function change({ path, trainable }: TrainableChange) {
    const next = setTrainable(at.model, path, trainable);
    if (next === at.model) return;
    at.session = await recompile(at.session, { model: next, settings }, preparing);
    at.model = next;
    report.emit({ type: 'trainable', step: at.step, path, trainable });
  }

  /** Minds what is asked from outside and waits as long as it is to; then the training is in this state again. */
  async function mind(state: RunState) {
    let left = false;
    const answer = async (request: Request) => {
      left = true;
      await (request.kind === 'checkpoint' ? checkpoints.save() : change(request.change));
    };
    while (changes[0] && changes[0].step <= at.step) {
      left = true;
      await change(changes.shift()!);
    }
    await messages();
    for (;;) {
      await control.make(answer);
      if (!control.pausing || stop.aborted) break;
      left = true;
      await checkpoints.save();
      enter('paused');
      await control.changed(stop);
    }
    if (left && !stop.aborted) enter(state);
  }

  let trained = 0; // seconds of all steps, in this process
  async function paint() {
    const result = await painter?.paint(at.step, trained);
    if (result) report.emit({ type: 'images', step: at.step, ...result });
  }

  /** Loss and metrics over the validation samples, or null when the training is stopped meanwhile. */
  async function validate(): Promise<Logs | null> {
    enter('validating');
    const began = performance.now();
    const logs = await evaluate(at, settings, {
      onBatch: (done, total) => report.emit({ type: 'validation', done, total }),
      between: async () => {
        await mind('validating');
        return !stop.aborted;
      },
    });
    at.seconds.epoch += secondsSince(began);
    const mean = logs?.['loss'] as number | undefined;
    if (mean === undefined || Number.isFinite(mean) || !nans) return logs;
    const what = { what: 'validation loss', value: mean, step: at.step, epoch: at.epochsBegun };
    throw lossIsNoNumber(report.emit, what, await nans.inValidation());
  }

  /** The steps of an epoch that are not done yet. */
  async function trainEpoch(epoch: number) {
    const order = shuffledOrder(training.size, seed, epoch);
    const rest = order.subarray((at.step - (epoch - 1) * stepsPerEpoch) * batchSize);
    let mark = performance.now(); // since when the training waits for a batch, then for its step
    for await (const batch of batches(training, rest, batchSize)) {
      const waited = secondsSince(mark);
      const { session, step } = at;
      const rate = scalar(callbacks.learningRate(session.compiled.learningRate(step)));
      const feeds = { ...(await session.stepFeeds(batch, step)), [LEARNING_RATE]: rate };
      await nans?.beforeStep(rate.data[0]!);
      const layers = await watcher.look({ ...at, step: step + 1 }, feeds);
      if (layers) report.emit({ type: 'layers', step: step + 1, ...layers });
      const outputs = await session.step.run(variables, feeds).catch(saveAndThrow);
      at.step += 1;
      const loss = outputs['loss']!.data[0]!;
      if (nans && !Number.isFinite(loss)) {
        const what = { what: 'loss', value: loss, step: at.step, epoch };
        throw lossIsNoNumber(report.emit, what, await nans.inTraining());
      }
      at.tally.add(outputs, batch.size);
      const seconds = secondsSince(mark);
      report.step(at.step, { loss, rate: rate.data[0]!, seconds, waited });
      at.seconds.trained += seconds;
      trained += seconds;
      at.seconds.waited += waited;
      await paint();
      const inEpoch = at.step - 1 - (epoch - 1) * stepsPerEpoch;
      await callbacks.batchEnd({ step: at.step, epoch, batch: inEpoch }, () => at.tally.logs());
      at.seconds.epoch += secondsSince(mark);
      if (checkpoints.due() && inEpoch + 1 < stepsPerEpoch) {
        await checkpoints.save();
        enter('training');
      }
      await mind('training');
      if (isOver()) return;
      mark = performance.now();
    }
  }

  /** An engine that fails at a step leaves the weights as they were: they are kept where they can still be read. */
  async function saveAndThrow(error: unknown): Promise<never> {
    await checkpoints.save().catch(() => {});
    throw withBatchAdvice(error, at.session.compiled, batchSize);
  }

  report.emit({
    type: 'plan',
    epochs,
    stepsPerEpoch,
    batchSize,
    trainSamples: training.size,
    validationSamples: validation.size,
    engine: opened.choice,
    data: opened.data.about,
    environment: await environmentHere(),
    ...(painter && { images: painter.images }),
    layers: watcher.layers,
  });

  if (!checkpoint) {
    let adaptingTold: number | null = null;
    await adapt(opened, model, settings, stop, (done, total) => {
      if (adaptingTold === null) enter('adapting');
      if (done < total && performance.now() - (adaptingTold ?? 0) < 100) return;
      adaptingTold = performance.now();
      report.emit({ type: 'adapting', done, total });
    });
    await paint();
    const judged = await validate();
    if (judged !== null)
      report.emit({
        type: 'epoch',
        epoch: 0,
        step: 0,
        ...epochLogs(null, judged),
        samplesPerSecond: 0,
        seconds: at.seconds.epoch,
      });
  }

  while (at.epochsTold < epochs && !isOver() && !callbacks.stopping) {
    const epoch = at.epochsTold + 1;
    const last = epoch * stepsPerEpoch;
    if (at.step < last) {
      enter('training');
      await mind('training');
      if (stop.aborted) break;
      if (at.epochsBegun < epoch) {
        beginEpoch(at);
        await callbacks.epochBegin(epoch, at.session.compiled.learningRate(at.step));
        at.epochsBegun = epoch;
      }
      await trainEpoch(epoch);
      if (at.step < last) break;
      await checkpoints.save();
    }

    const judged = await validate();
    const result = epochLogs(at.tally.logs(), judged);
    const { trained, waited, epoch: seconds } = at.seconds;
    report.emit({
      type: 'epoch',
      epoch,
      step: at.step,
      ...result,
      samplesPerSecond: training.size / trained,
      waiting: waited / trained,
      seconds,
    });
    if (judged === null) break;
    at.epochsTold = epoch;
    const { valLoss } = result;
    if (valLoss !== null && valLoss < (at.best?.valLoss ?? Infinity))
      at.best = { step: at.step, valLoss };
    await callbacks.epochEnd(
      { step: at.step, epoch },
      flatLogs(result),
      at.session.compiled.learningRate(Math.max(0, at.step - 1)),
    );
  }

  const finished = at.epochsTold >= epochs || callbacks.stopping;
  if (finished) await callbacks.trainEnd({ step: at.step, epoch: at.epochsTold });
  await checkpoints.save();
  await callbacks.close();
  await engine.dispose();
  return { state: finished ? 'finished' : 'stopped' };
}

/** What the callbacks remembered; one that ended the training lets it go on for more epochs. */
function callbacksState(
  { settings, progress, callbackTensors = {} }: Checkpoint,
  epochs: number,
): CallbacksState {
  const { callbacks } = progress!;
  const more = epochs > settings.epochs && { stopping: false };
  return { values: { ...callbacks, ...more }, tensors: callbackTensors };
}

/** The logs of an epoch as Keras has them, flat. */
function flatLogs({ loss, valLoss, logs }: ReturnType<typeof epochLogs>): Logs {
  return {
    ...(loss !== null && { loss }),
    ...(valLoss !== null && { val_loss: valLoss }),
    ...logs,
  };
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
