import { describe, expect, test } from 'vitest';
import type { RunPlan } from '../../../shared/api/events.ts';
import {
  msPerStep,
  newPace,
  paceState,
  paceSteps,
  timeLeft,
  type Pace,
} from '../../../renderer/stores/run-pace.ts';

const plan: RunPlan = {
  epochs: 3,
  stepsPerEpoch: 100,
  batchSize: 10,
  trainSamples: 1000,
  validationSamples: 200,
  engine: { engine: 'onnx', provider: 'cpu', device: 'CPU', kind: 'cpu', reason: '' },
};

/** Steps of 100 ms, one an event, after a first one of 5 s. Returns when the last ended. */
function train(pace: Pace, steps: number, start: number, first = 100): number {
  paceState(pace, 'training', start);
  let time = start;
  for (let step = 0; step < steps; step++) {
    time += step === 0 ? first : 100;
    paceSteps(pace, 1, time);
  }
  return time;
}

describe('msPerStep', () => {
  test('is unknown until enough is measured', () => {
    const pace = newPace();
    expect(msPerStep(pace)).toBeNull();
    train(pace, 8, 0, 5000);
    expect(msPerStep(pace)).toBeNull();
  });

  test('leaves out the slow first step, the validation and one stall', () => {
    const pace = newPace();
    const time = train(pace, 40, 0, 5000);
    expect(msPerStep(pace)).toBeCloseTo(100);
    paceState(pace, 'validating', time);
    train(pace, 20, time + 60_000);
    expect(msPerStep(pace)).toBeCloseTo(100);
    paceSteps(pace, 1, time + 60_000 + 2000 + 30_000);
    expect(msPerStep(pace)).toBeCloseTo(100);
  });

  test('is right however the steps are gathered', () => {
    const pace = newPace();
    paceState(pace, 'training', 0);
    let sent = 0;
    for (let time = 100; time <= 12_000; time += 100) {
      const done = Math.floor(time / 130);
      if (done > sent) paceSteps(pace, done - sent, time);
      sent = done;
    }
    expect(Math.abs(msPerStep(pace)! - 130)).toBeLessThan(4);
  });

  test('follows a change of speed', () => {
    const pace = newPace();
    let time = train(pace, 100, 0);
    for (let step = 0; step < 64; step++) paceSteps(pace, 1, (time += 300));
    expect(msPerStep(pace)).toBeCloseTo(300);
  });
});

describe('timeLeft', () => {
  test('counts the steps and the validations that remain', () => {
    const pace = newPace();
    paceState(pace, 'validating', 0);
    const time = train(pace, 100, 2000);
    const atEnd = { plan, step: 100, epochsDone: 0, validation: null };
    expect(timeLeft(pace, atEnd)).toBeCloseTo(200 * 100 + 3 * 2000);
    paceState(pace, 'validating', time);
    const half = { ...atEnd, validation: { done: 10, total: 20 } };
    expect(timeLeft(pace, half)).toBeCloseTo(200 * 100 + 2.5 * 2000);
    expect(timeLeft(pace, { ...atEnd, step: 300, epochsDone: 3 })).toBe(0);
  });

  test('is unknown while the rate is', () => {
    const standing = { plan, step: 0, epochsDone: 0, validation: null };
    expect(timeLeft(newPace(), standing)).toBeNull();
  });
});
