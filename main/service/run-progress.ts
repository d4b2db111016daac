import type { EpochResult, Resumption, RunEvent } from '../../shared/api/events.ts';
import { setTrainable } from '../../shared/keras/trainable.ts';
import { checkpointPath } from '../trainer/contract.ts';
import type { RunRecord } from './run-record.ts';

/** The record after an event that follows it. */
export function withEvent(record: RunRecord, event: RunEvent): RunRecord {
  const next = { ...record, seq: event.seq };
  switch (event.type) {
    case 'state':
      return {
        ...without(next, 'error'),
        state: event.state,
        ...(event.error && { error: event.error }),
      };
    case 'plan':
      return {
        ...next,
        engine: event.engine,
        ...(event.data && { data: event.data }),
        ...(event.environment && { environment: event.environment }),
      };
    case 'steps':
      return { ...next, lastStep: event.first + event.losses.length - 1 };
    case 'epoch': {
      const { type: _type, seq: _seq, time: _time, ...lastEpoch } = event;
      const seconds = (record.seconds ?? 0) + event.seconds;
      return {
        ...next,
        lastEpoch,
        seconds,
        ...(isBest(record, event) && { bestEpoch: lastEpoch }),
      };
    }
    case 'checkpoint':
      return { ...next, checkpoint: { step: event.step, epoch: event.epoch } };
    case 'resumed':
      return resumed(next, event);
    case 'trainable':
      return {
        ...next,
        modelAtStart: record.modelAtStart ?? record.model,
        model: setTrainable(record.model, event.path, event.trainable),
      };
    case 'preparing':
    case 'adapting':
    case 'import':
    case 'validation':
    case 'images':
    case 'callback':
    case 'layers':
      return next;
  }
}

/** The record of a run that goes on from a checkpoint: what came later is forgotten. */
function resumed(record: RunRecord, { step, epoch }: Resumption): RunRecord {
  const { lastEpoch, bestEpoch, checkpoint } = record;
  const known = checkpoint?.step === step ? checkpoint : { step, epoch: Math.max(0, epoch) };
  return {
    ...without(record, 'lastEpoch', 'bestEpoch', 'checkpoint'),
    lastStep: step,
    ...(lastEpoch && lastEpoch.epoch <= epoch && { lastEpoch }),
    // A best epoch that is lost comes again: the run repeats itself from here.
    ...(bestEpoch && bestEpoch.epoch <= epoch && { bestEpoch }),
    ...(step > 0 && { checkpoint: known }),
  };
}

/** Whether an epoch's validation loss is the smallest so far; epoch 0 is no result of training. */
function isBest({ bestEpoch }: RunRecord, { epoch, valLoss }: EpochResult): boolean {
  if (epoch === 0 || valLoss === null || !Number.isFinite(valLoss)) return false;
  return bestEpoch?.valLoss == null || valLoss < bestEpoch.valLoss;
}

type Optional = 'error' | 'lastEpoch' | 'bestEpoch' | 'checkpoint';

function without(record: RunRecord, ...keys: Optional[]): RunRecord {
  const kept = Object.entries(record).filter(([key]) => !keys.some((one) => one === key));
  return Object.fromEntries(kept) as unknown as RunRecord;
}

/** Whether an event changes what a list of runs shows or the run's model, so that `run.json` follows. */
export function isMilestone(event: RunEvent): boolean {
  return ['state', 'plan', 'epoch', 'checkpoint', 'trainable', 'resumed'].includes(event.type);
}

/** For people: what of a run is on disk, in the run's folder. */
export function whatIsSaved(record: RunRecord): string {
  const history = `the history up to step ${record.lastStep}`;
  if (!record.checkpoint) return `${history}, no weights`;
  const { step, epoch } = record.checkpoint;
  return `the weights of step ${step} (epoch ${epoch}) in ${checkpointPath(step)}, and ${history}`;
}
