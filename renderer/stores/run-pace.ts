import type { RunPlan, RunState } from '../../shared/api/events.ts';

/** Steps of one gathering and the time they took. */
interface Gathering {
  readonly steps: number;
  readonly ms: number;
}

/** How fast a run goes, measured from its events. */
export interface Pace {
  /** The newest gatherings, oldest first; first steps and validation are not in them. */
  readonly recent: Gathering[];
  /** When the steps under way began; null outside training. */
  since: number | null;
  /** Steps seen since the engine was made ready. */
  steps: number;
  /** When the validation under way began; null outside. */
  validationSince: number | null;
  /** How long the last stay between two epochs took: validation, images, saving. */
  validationMs: number | null;
}

/** Engines allocate, tune and compile in their first steps, so these say nothing about the rest. */
const warmUpSteps = 3;
const keptGatherings = 64;
/** Steps and milliseconds that must be measured before a rate is told. */
const enough = { steps: 5, ms: 1000 };

export function newPace(): Pace {
  return { recent: [], since: null, steps: 0, validationSince: null, validationMs: null };
}

/** Takes in that the run's state changed. */
export function paceState(pace: Pace, state: RunState, time: number): void {
  pace.since = state === 'training' ? time : null;
  // What is compiled anew warms up anew.
  if (state === 'compiling') pace.steps = 0;
  if (state === 'validating') pace.validationSince ??= time;
  if (state === 'training' && pace.validationSince !== null) {
    pace.validationMs = time - pace.validationSince;
    pace.validationSince = null;
  }
}

/** Takes in steps that ended by now. */
export function paceSteps(pace: Pace, steps: number, time: number): void {
  pace.steps += steps;
  if (pace.since !== null && pace.steps - steps >= warmUpSteps && time >= pace.since) {
    pace.recent.push({ steps, ms: time - pace.since });
    if (pace.recent.length > keptGatherings) pace.recent.shift();
  }
  pace.since = time;
}

/**
 * Milliseconds per step, or null until enough is measured. The recent past is cut into up to twelve
 * stretches; the quickest and the slowest quarter are left out, so a stall does not move the rate.
 */
export function msPerStep(pace: Pace): number | null {
  const whole = total(pace.recent);
  if (whole.steps < enough.steps || whole.ms < enough.ms) return null;
  const size = Math.ceil(pace.recent.length / 12);
  const stretches: Gathering[] = [];
  for (let start = 0; start < pace.recent.length; start += size) {
    stretches.push(total(pace.recent.slice(start, start + size)));
  }
  stretches.sort((a, b) => a.ms / a.steps - b.ms / b.steps);
  const quarter = Math.floor(stretches.length / 4);
  const middle = total(stretches.slice(quarter, stretches.length - quarter));
  return middle.ms / middle.steps;
}

function total(gatherings: readonly Gathering[]): Gathering {
  let steps = 0;
  let ms = 0;
  for (const gathering of gatherings) {
    steps += gathering.steps;
    ms += gathering.ms;
  }
  return { steps, ms };
}

/** Where a run stands, as far as the time left depends on it. */
export interface Standing {
  readonly plan: RunPlan;
  readonly step: number;
  /** The newest epoch that has ended, validation included. */
  readonly epochsDone: number;
  readonly validation: { readonly done: number; readonly total: number } | null;
}

/** Milliseconds until the whole run ends, validation included; null while nobody can know. */
export function timeLeft(pace: Pace, standing: Standing): number | null {
  const perStep = msPerStep(pace);
  if (perStep === null) return null;
  const { plan, step, epochsDone, validation } = standing;
  const training = Math.max(0, plan.epochs * plan.stepsPerEpoch - step) * perStep;
  const pause = pace.validationMs ?? validationGuess(plan, perStep);
  const share = validation && validation.total > 0 ? 1 - validation.done / validation.total : 1;
  const pauses = Math.max(0, plan.epochs - epochsDone);
  return training + Math.max(0, pauses - 1) * pause + Math.min(1, pauses) * share * pause;
}

/** Before the first validation: a forward pass costs about a third of a training step. */
function validationGuess(plan: RunPlan, perStep: number): number {
  return (Math.ceil(plan.validationSamples / plan.batchSize) * perStep) / 3;
}
