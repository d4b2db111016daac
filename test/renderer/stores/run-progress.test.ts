import { expect, test } from 'vitest';
import type { RunEventBody } from '../../../shared/api/events.ts';
import { fold, newRecord } from '../../../renderer/stores/run-record.ts';
import { progressOf } from '../../../renderer/stores/run-progress.ts';

const plan: RunEventBody = {
  type: 'plan',
  epochs: 2,
  stepsPerEpoch: 10,
  batchSize: 100,
  trainSamples: 1000,
  validationSamples: 200,
  engine: { engine: 'onnx', provider: 'cpu', device: 'CPU', kind: 'cpu', reason: '' },
};

/** A record after these events, each at its time. */
function after(...bodies: [number, RunEventBody][]) {
  const record = newRecord('run');
  bodies.forEach(([time, body], i) => fold(record, { ...body, seq: i + 1, time }));
  return record;
}

const losses = (count: number) => new Array<number>(count).fill(0.1);
const start: [number, RunEventBody][] = [
  [0, { type: 'state', state: 'loading' }],
  [100, plan],
  [200, { type: 'state', state: 'validating' }],
];

test('nothing is known before the plan but how long it took', () => {
  const progress = progressOf(after(start[0]!), 4000);
  expect(progress).toMatchObject({ run: null, part: null, elapsedMs: 4000, leftMs: null });
});

test('before training the epoch bar counts validation batches of epoch 0', () => {
  const progress = progressOf(
    after(...start, [300, { type: 'validation', done: 1, total: 2 }]),
    400,
  );
  expect(progress).toMatchObject({ epoch: 0, run: 0, part: 0.5, samplesPerSecond: null });
});

test('in mid-epoch it counts steps, in all and in the epoch, and knows the rate', () => {
  const record = after(
    ...start,
    [1000, { type: 'state', state: 'training' }],
    [2000, { type: 'steps', first: 1, losses: losses(4) }],
    [3500, { type: 'steps', first: 5, losses: losses(10) }],
  );
  expect(progressOf(record, 3500)).toMatchObject({
    step: 14,
    epoch: 2,
    stepInEpoch: 4,
    run: 0.7,
    part: 0.4,
    elapsedMs: 3500,
    msPerStep: 150,
  });
  expect(progressOf(record, 3500).samplesPerSecond).toBeCloseTo(666.67, 1);
  // Six steps and two stays between epochs of 0.8 s each.
  expect(progressOf(record, 3500).leftMs).toBeCloseTo(6 * 150 + 2 * 800);
});

test('while validating after an epoch it is still that epoch', () => {
  const record = after(
    ...start,
    [1000, { type: 'state', state: 'training' }],
    [2000, { type: 'steps', first: 1, losses: losses(10) }],
    [2001, { type: 'state', state: 'validating' }],
    [2002, { type: 'validation', done: 1, total: 4 }],
  );
  expect(progressOf(record, 2002)).toMatchObject({ epoch: 1, run: 0.5, part: 0.25 });
});

test('a pause stands still: what has passed, what is left, and the rate', () => {
  const record = after(
    ...start,
    [1000, { type: 'state', state: 'training' }],
    [2000, { type: 'steps', first: 1, losses: losses(4) }],
    [3500, { type: 'steps', first: 5, losses: losses(10) }],
    [3600, { type: 'state', state: 'paused' }],
  );
  const then = progressOf(record, 3600);
  expect(progressOf(record, 999_999)).toEqual(then);
  expect(then).toMatchObject({ elapsedMs: 3600, msPerStep: 150, epoch: 2, part: 0.4 });
  expect(then.leftMs).toBeCloseTo(6 * 150 + 2 * 800);
  fold(record, { type: 'state', state: 'training', seq: record.seq + 1, time: 103_600 });
  expect(progressOf(record, 104_600)).toMatchObject({ elapsedMs: 4600, msPerStep: 150 });
});

test('the end stops the clock and leaves no time', () => {
  const record = after(
    ...start,
    [1000, { type: 'state', state: 'training' }],
    [2000, { type: 'steps', first: 1, losses: losses(20) }],
    [2500, { type: 'state', state: 'stopped' }],
  );
  expect(progressOf(record, 9000)).toMatchObject({
    epoch: 2,
    stepInEpoch: 10,
    run: 1,
    elapsedMs: 2500,
    leftMs: null,
  });
});
