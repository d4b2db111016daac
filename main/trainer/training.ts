import type { ModelSpec } from '../../shared/keras/spec.ts';
import { createTally, type Tally } from '../../shared/program/tally.ts';
import type { Checkpoint } from '../formats/checkpoint.ts';
import type { Session } from './session.ts';

/** Where a training is; it changes in place. Epochs count from 1. */
export interface Training {
  session: Session;
  /** The models with what is frozen now. */
  model: ModelSpec;
  /** Optimizer updates done. */
  step: number;
  /** Epochs that have begun, and those whose results were told, validation included. */
  epochsBegun: number;
  epochsTold: number;
  /** Sums over the batches of the epoch under way. */
  tally: Tally;
  /** Seconds that the epoch under way took so far: all; steps with the waiting for their batches; this waiting alone. */
  seconds: { epoch: number; trained: number; waited: number };
  /** The epoch with the smallest validation loss so far. */
  best: { step: number; valLoss: number } | null;
}

/** A training before its first step, or where a checkpoint left it. */
export function beginTraining(
  session: Session,
  model: ModelSpec,
  checkpoint: Checkpoint | null,
): Training {
  const before = checkpoint?.progress;
  return {
    session,
    model,
    step: checkpoint?.step ?? 0,
    epochsBegun: before?.epochsBegun ?? 0,
    epochsTold: before?.epochsTold ?? 0,
    tally: createTally(session.compiled.metrics, before?.tally),
    seconds: { ...(before?.seconds ?? noSeconds) },
    best: before?.best ?? null,
  };
}

const noSeconds = { epoch: 0, trained: 0, waited: 0 };

/** Begins to count an epoch. */
export function beginEpoch(at: Training): void {
  at.tally = createTally(at.session.compiled.metrics);
  at.seconds = { ...noSeconds };
}

/** Seconds since a time of `performance.now()`. */
export function secondsSince(began: number): number {
  return (performance.now() - began) / 1000;
}
