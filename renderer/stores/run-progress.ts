import { isActive, type RunState } from '../../shared/api/events.ts';
import { msPerStep, timeLeft } from './run-pace.ts';
import type { RunRecord } from './run-record.ts';

/** How far a run is and how fast it goes; null: not known (yet). */
export interface Progress {
  readonly step: number;
  /** The epoch under way, or the last one; 0 before training. */
  readonly epoch: number;
  readonly stepInEpoch: number;
  /** Done shares from 0 to 1; null while there is no plan. */
  readonly run: number | null;
  /** Of the epoch's steps; while data are read, the engine is prepared, or data pass by outside of training, of that. */
  readonly part: number | null;
  readonly elapsedMs: number | null;
  readonly leftMs: number | null;
  readonly samplesPerSecond: number | null;
  readonly msPerStep: number | null;
}

/** The progress of a run at a time (ms since 1970, by the service's clock). */
export function progressOf(run: RunRecord, now: number): Progress {
  const { plan, state, validation, pace } = run;
  const step = run.losses.length;
  const active = isActive(state);
  const perStep = msPerStep(pace);
  const epochsDone = run.epochs.at(-1)?.epoch ?? 0;
  const until = run.restingSince ?? now;
  const elapsedMs = run.began === null ? null : Math.max(0, until - run.began - run.rested);
  if (!plan) {
    const unknown = { run: null, part: active ? partOf(run) : null, leftMs: null };
    return { step, epoch: 0, stepInEpoch: 0, elapsedMs, ...unknown, ...rates(perStep, null) };
  }
  const between = active && state !== 'training' && step % plan.stepsPerEpoch === 0;
  const epoch = Math.min(
    plan.epochs,
    between || !active
      ? Math.ceil(step / plan.stepsPerEpoch)
      : Math.floor(step / plan.stepsPerEpoch) + 1,
  );
  const stepInEpoch = epoch === 0 ? 0 : step - (epoch - 1) * plan.stepsPerEpoch;
  return {
    step,
    epoch,
    stepInEpoch,
    run: Math.min(1, step / (plan.epochs * plan.stepsPerEpoch)),
    part: PARTS.has(state) ? partOf(run) : Math.min(1, stepInEpoch / plan.stepsPerEpoch),
    elapsedMs,
    leftMs: active ? timeLeft(pace, { plan, step, epochsDone, validation }) : null,
    ...rates(perStep, plan.batchSize),
  };
}

/** States that are no part of an epoch and tell how far they are themselves. */
const PARTS: ReadonlySet<RunState> = new Set(['loading', 'compiling', 'adapting', 'validating']);

/** The done share of what a run does outside of training; null where nobody knows. */
function partOf({ state, importing, preparing, adapting, validation }: RunRecord): number | null {
  if (state === 'compiling') return preparing?.share ?? null;
  if (state === 'loading') return importing && share(importing);
  const pass = state === 'adapting' ? adapting : validation;
  return pass ? share(pass) : 0;
}

function share({ done, total }: { done: number; total: number }): number {
  return done / Math.max(1, total);
}

function rates(perStep: number | null, batchSize: number | null) {
  return {
    msPerStep: perStep,
    samplesPerSecond: perStep && batchSize ? (batchSize * 1000) / perStep : null,
  };
}
