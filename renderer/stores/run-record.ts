import type {
  CallbackAct,
  EngineChoice,
  EpochResult,
  ErrorInfo,
  ImagesResult,
  Resumption,
  ImportState,
  LayerFacts,
  Preparation,
  RunEvent,
  RunPlan,
  RunState,
  TrainableChange,
} from '../../shared/api/events.ts';
import { isActive } from '../../shared/api/events.ts';
import { Series } from '../charts/series.ts';
import { newPace, paceState, paceSteps, type Pace } from './run-pace.ts';

/** A line in the run's list of events. */
export type LogEntry = { readonly seq: number; readonly time: number } & (
  | { readonly kind: 'state'; readonly state: RunState }
  | { readonly kind: 'engine'; readonly engine: EngineChoice }
  | { readonly kind: 'epoch'; readonly result: EpochResult; readonly best: boolean }
  | { readonly kind: 'checkpoint'; readonly step: number; readonly epoch: number }
  | ({ readonly kind: 'resumed'; readonly lost: number } & Resumption)
  | ({ readonly kind: 'trainable'; readonly step: number } & TrainableChange)
  | ({ readonly kind: 'callback' } & CallbackAct)
  | { readonly kind: 'error'; readonly error: ErrorInfo }
);

/** What the model made of the fixed samples at a step. */
export interface StoredImages extends ImagesResult {
  readonly step: number;
}

/** How the plan's layers fared at a step. */
interface LayersAtStep extends LayerFacts {
  readonly step: number;
}

/** All that the events of one run say, folded. It changes in place: 100,000 steps stay cheap. */
export interface RunRecord {
  readonly id: string;
  /** Number of the newest event that is folded in. */
  seq: number;
  state: RunState;
  error: ErrorInfo | null;
  plan: RunPlan | null;
  /** Times in ms since 1970: of the first event; of the first step's begin, less rests before it; of the final state. */
  began: number | null;
  trainingBegan: number | null;
  ended: number | null;
  /** Training loss of step `i + 1`, and when the step ended: ms since 1970, less all rests. */
  readonly losses: Series;
  readonly times: Series;
  /** The learning rate of step `i + 1`; NaN where it is not known. */
  readonly rates: Series;
  /** Where the learning rate goes over from one plateau to another, with the new one. */
  readonly rateChanges: { readonly step: number; readonly rate: number }[];
  /** Milliseconds that the run was paused or ended before it went on, and since when it is again. */
  rested: number;
  restingSince: number | null;
  /** The latest time of an event: no later event is taken to be earlier. */
  latest: number;
  /** The share of the time that batches are waited for, lately; null until it is known. */
  waiting: number | null;
  readonly epochs: EpochResult[];
  /** The epoch with the smallest validation loss, once an epoch has been trained. */
  best: EpochResult | null;
  /** How far the data are decoded, and what the engine's preparation is at, while they are. */
  importing: ImportState | null;
  preparing: Preparation | null;
  /** Batches of the pass that is under way. */
  adapting: { readonly done: number; readonly total: number } | null;
  validation: { readonly done: number; readonly total: number } | null;
  /** Increasing in step. */
  readonly images: StoredImages[];
  /** How the plan's layers fared, increasing in step. */
  readonly layers: LayersAtStep[];
  readonly checkpoints: { readonly step: number; readonly epoch: number }[];
  /** What was frozen or set free since the run's start, in order. */
  readonly trainable: (TrainableChange & { readonly step: number })[];
  readonly log: LogEntry[];
  readonly pace: Pace;
}

export function newRecord(id: string): RunRecord {
  return {
    id,
    seq: 0,
    state: 'queued',
    error: null,
    plan: null,
    began: null,
    trainingBegan: null,
    ended: null,
    losses: new Series(),
    times: new Series(),
    rates: new Series(),
    rateChanges: [],
    rested: 0,
    restingSince: null,
    latest: 0,
    waiting: null,
    layers: [],
    epochs: [],
    best: null,
    importing: null,
    preparing: null,
    adapting: null,
    validation: null,
    images: [],
    checkpoints: [],
    trainable: [],
    log: [],
    pace: newPace(),
  };
}

/**
 * Folds one event into the record. An event that is already covered changes nothing; one whose
 * predecessor is missing is not taken (`gap`): fetch what comes after `record.seq`, then go on.
 */
export function fold(record: RunRecord, event: RunEvent): 'taken' | 'covered' | 'gap' {
  if (event.seq <= record.seq) return 'covered';
  if (event.seq > record.seq + 1) return 'gap';
  record.seq = event.seq;
  record.began ??= event.time;
  record.latest = Math.max(record.latest, event.time);
  const { seq, time } = event;
  switch (event.type) {
    case 'state':
      foldState(record, event);
      break;
    case 'plan': {
      const { type: _type, seq: _seq, time: _time, ...plan } = event;
      record.plan = plan;
      record.log.push({ seq, time, kind: 'engine', engine: plan.engine });
      break;
    }
    case 'steps':
      foldSteps(record, event);
      break;
    case 'import': {
      const { type: _type, seq: _seq, time: _time, ...progress } = event;
      record.importing = progress;
      break;
    }
    case 'preparing': {
      const { type: _type, seq: _seq, time: _time, ...part } = event;
      record.preparing = part;
      break;
    }
    case 'adapting':
      record.adapting = { done: event.done, total: event.total };
      break;
    case 'validation':
      record.validation = { done: event.done, total: event.total };
      break;
    case 'epoch': {
      const { type: _type, seq: _seq, time: _time, ...result } = event;
      const best = isBest(record, result);
      record.epochs.push(result);
      if (best) record.best = result;
      record.validation = null;
      record.log.push({ seq, time, kind: 'epoch', result, best });
      break;
    }
    case 'images':
      record.images.push({
        step: event.step,
        errors: event.errors,
        ...(event.predictions && { predictions: event.predictions }),
      });
      break;
    case 'layers': {
      const { type: _type, seq: _seq, time: _time, ...layers } = event;
      record.layers.push(layers);
      break;
    }
    case 'checkpoint':
      record.checkpoints.push({ step: event.step, epoch: event.epoch });
      record.log.push({ seq, time, kind: 'checkpoint', step: event.step, epoch: event.epoch });
      break;
    case 'resumed':
      foldResumed(record, event);
      break;
    case 'callback': {
      const { type: _type, seq: _seq, time: _time, ...act } = event;
      record.log.push({ seq, time, kind: 'callback', ...act });
      break;
    }
    case 'trainable': {
      const { step, path, trainable } = event;
      record.trainable.push({ step, path, trainable });
      record.log.push({ seq, time, kind: 'trainable', step, path, trainable });
      break;
    }
    default:
      throw new Error(
        `Event ${seq} of run ${record.id} has an unknown type: ${JSON.stringify((event as { type: unknown }).type)}.`,
      );
  }
  return 'taken';
}

function foldState(record: RunRecord, event: RunEvent & { type: 'state' }): void {
  const { state, error, seq, time } = event;
  record.state = state;
  record.importing = null;
  record.preparing = null;
  record.adapting = null;
  record.validation = null;
  const rests = state === 'paused' || !isActive(state);
  if (rests) record.restingSince ??= record.latest;
  else if (record.restingSince !== null) {
    record.rested += record.latest - record.restingSince;
    record.restingSince = null;
  }
  paceState(record.pace, state, clock(record));
  if (state === 'training') record.trainingBegan ??= clock(record);
  record.ended = isActive(state) ? null : time;
  record.error = error ?? null;
  if (error) {
    record.log.push({ seq, time, kind: 'error', error });
  } else if (state === 'loading' || record.ended !== null) {
    record.log.push({ seq, time, kind: 'state', state });
  }
}

/** The run's own clock, in ms since 1970: it stands still while the run rests, and never goes back. */
function clock({ latest, rested, restingSince }: RunRecord): number {
  return (restingSince ?? latest) - rested;
}

/** Forgets what happens anew, so that no curve shows a step twice. */
function foldResumed(record: RunRecord, event: RunEvent & { type: 'resumed' }): void {
  const { type: _type, seq, time, ...resumption } = event;
  const { step, epoch } = resumption;
  const lost = Math.max(0, record.losses.length - step);
  for (const series of [record.losses, record.times, record.rates]) series.truncate(step);
  keepOnly(record.epochs, (result) => result.epoch <= epoch);
  keepOnly(record.images, (images) => (epoch < 0 ? false : images.step <= step));
  keepOnly(record.layers, (layers) => layers.step <= step);
  keepOnly(record.checkpoints, (saved) => saved.step <= step);
  keepOnly(record.trainable, (change) => change.step <= step);
  keepOnly(record.rateChanges, (change) => change.step <= step);
  record.best = null;
  for (const result of record.epochs) if (isBest(record, result)) record.best = result;
  record.log.push({ seq, time, kind: 'resumed', lost, ...resumption });
}

function keepOnly<T>(list: T[], wanted: (item: T) => boolean): void {
  list.splice(0, list.length, ...list.filter(wanted));
}

function foldSteps(record: RunRecord, event: RunEvent & { type: 'steps' }): void {
  const { losses, first, rate } = event;
  const count = losses.length;
  const time = clock(record);
  const last = record.times.at(-1);
  const begin = record.pace.since ?? (Number.isNaN(last) ? time : last);
  record.trainingBegan ??= begin;
  for (let i = 0; i < count; i++) {
    const index = first - 1 + i;
    const loss = losses[i]!;
    record.losses.set(index, loss);
    record.rates.set(index, (typeof rate === 'object' ? rate[i] : rate) ?? NaN);
    record.times.set(index, begin + ((time - begin) * (i + 1)) / count);
    noteRate(record, index);
  }
  if (event.waiting !== undefined) {
    const newest = record.waiting === null ? 1 : Math.min(1, Math.max(0.05, count / 50));
    record.waiting = (record.waiting ?? 0) + newest * (event.waiting - (record.waiting ?? 0));
  }
  paceSteps(record.pace, count, time);
}

/** Notes that the learning rate has gone over from one plateau to another, once the second step of the new one is there. */
function noteRate({ rates, rateChanges }: RunRecord, index: number): void {
  const [a, b, c, d] = [3, 2, 1, 0].map((back) => (index < back ? NaN : rates.at(index - back)));
  if (a === b && c === d && b !== c) rateChanges.push({ step: index, rate: c! });
}

function isBest(record: RunRecord, result: EpochResult): boolean {
  if (result.epoch === 0 || result.valLoss === null || !Number.isFinite(result.valLoss)) {
    return false;
  }
  const rivals = [...record.epochs.filter((epoch) => epoch.epoch === 0), record.best];
  return rivals.every((rival) => rival?.valLoss == null || result.valLoss! < rival.valLoss);
}
