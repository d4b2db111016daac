import { describe, expect, test } from 'vitest';
import type { RunEvent, RunEventBody } from '../../../shared/api/events.ts';
import { fold, newRecord, type RunRecord } from '../../../renderer/stores/run-record.ts';

const plan: RunEventBody = {
  type: 'plan',
  epochs: 2,
  stepsPerEpoch: 4,
  batchSize: 32,
  trainSamples: 128,
  validationSamples: 32,
  engine: { engine: 'onnx', provider: 'cpu', device: 'CPU', kind: 'cpu', reason: 'the only one' },
  images: { count: 2, shape: [28, 28, 1] },
};

/** A short run: epoch 0, two epochs of four steps, images and a checkpoint after each. */
const bodies: [number, RunEventBody][] = [
  [0, { type: 'state', state: 'loading' }],
  [500, { type: 'state', state: 'compiling' }],
  [900, plan],
  [1000, { type: 'state', state: 'validating' }],
  [1100, { type: 'validation', done: 1, total: 1 }],
  [1200, { type: 'images', step: 0, errors: [0.2, 0.3] }],
  [
    1250,
    {
      type: 'epoch',
      epoch: 0,
      step: 0,
      loss: null,
      valLoss: 0.25,
      samplesPerSecond: 0,
      seconds: 0.2,
    },
  ],
  [1300, { type: 'state', state: 'training' }],
  [1500, { type: 'steps', first: 1, losses: [0.2, 0.18] }],
  [1700, { type: 'steps', first: 3, losses: [0.15, 0.12] }],
  [1710, { type: 'state', state: 'validating' }],
  [1900, { type: 'images', step: 4, errors: [0.1, 0.1] }],
  [
    1950,
    {
      type: 'epoch',
      epoch: 1,
      step: 4,
      loss: 0.16,
      valLoss: 0.11,
      samplesPerSecond: 320,
      seconds: 0.6,
    },
  ],
  [1960, { type: 'checkpoint', step: 4, epoch: 1 }],
  [2000, { type: 'state', state: 'training' }],
  [2400, { type: 'steps', first: 5, losses: [0.1, 0.1, 0.09, 0.3] }],
  [2450, { type: 'state', state: 'validating' }],
  [
    2500,
    {
      type: 'epoch',
      epoch: 2,
      step: 8,
      loss: 0.15,
      valLoss: 0.12,
      samplesPerSecond: 320,
      seconds: 0.5,
    },
  ],
  [2600, { type: 'state', state: 'finished' }],
];
const events = bodies.map(([time, body], i): RunEvent => ({ ...body, seq: i + 1, time }));

function folded(list: readonly RunEvent[], record = newRecord('run')): RunRecord {
  for (const event of list) fold(record, event);
  return record;
}

/** What can be compared: the series as plain numbers. */
function plain(record: RunRecord) {
  const { losses, times, rates, ...rest } = record;
  return {
    ...rest,
    losses: [...losses.values],
    times: [...times.values],
    rates: [...rates.values],
  };
}

describe('fold', () => {
  test('gathers the losses, epochs, images, checkpoints and the final state', () => {
    const record = folded(events);
    expect([...record.losses.values]).toEqual([0.2, 0.18, 0.15, 0.12, 0.1, 0.1, 0.09, 0.3]);
    expect([...record.times.values]).toEqual([1400, 1500, 1600, 1700, 2100, 2200, 2300, 2400]);
    expect(record.epochs.map((epoch) => epoch.valLoss)).toEqual([0.25, 0.11, 0.12]);
    expect(record.best?.epoch).toBe(1);
    expect(record.images.map((images) => images.step)).toEqual([0, 4]);
    expect(record.checkpoints).toEqual([{ step: 4, epoch: 1 }]);
    expect(record).toMatchObject({ state: 'finished', began: 0, trainingBegan: 1300, ended: 2600 });
    expect(record.log.map((entry) => entry.kind)).toEqual([
      'state',
      'engine',
      'epoch',
      'epoch',
      'checkpoint',
      'epoch',
      'state',
    ]);
  });

  test('refuses an event whose predecessor is missing and goes on once it is there', () => {
    const record = folded(events.slice(0, 8));
    expect(fold(record, events[9]!)).toBe('gap');
    expect(record.losses.length).toBe(0);
    expect(fold(record, events[8]!)).toBe('taken');
    expect(fold(record, events[9]!)).toBe('taken');
    expect([...record.losses.values]).toEqual([0.2, 0.18, 0.15, 0.12]);
  });

  test('takes an event once, however often and late it comes', () => {
    const record = folded([...events.slice(0, 10), ...events.slice(3, 12), ...events.slice(0, 19)]);
    expect(fold(record, events[8]!)).toBe('covered');
    expect(plain(record)).toEqual(plain(folded(events)));
  });

  test('is the same after a reload in mid-run, wherever stored and live events meet', () => {
    for (let cut = 0; cut <= events.length; cut++) {
      const live = events.slice(Math.max(0, cut - 3));
      expect(plain(folded([...events.slice(0, cut), ...live]))).toEqual(plain(folded(events)));
    }
  });

  test('keeps a failed run with its error and what was saved', () => {
    const error = { code: 'trainer-crashed', message: 'It was killed.', saved: 'step 4' };
    const failure: RunEvent = { type: 'state', state: 'failed', error, seq: 11, time: 1800 };
    const record = folded([...events.slice(0, 10), failure]);
    expect(record).toMatchObject({ state: 'failed', error, ended: 1800 });
    expect(record.log.at(-1)).toMatchObject({ kind: 'error', error });
  });

  test('knows the learning rate of each step, and where it goes over to another plateau', () => {
    const record = folded(events.slice(0, 8));
    const losses = [1, 1, 1, 1];
    fold(record, { type: 'steps', first: 1, losses, rate: 0.1, seq: 9, time: 1500 });
    const rate = [0.1, 0.05, 0.05, 0.05];
    fold(record, { type: 'steps', first: 5, losses, rate, seq: 10, time: 1600 });
    expect([...record.rates.values]).toEqual([0.1, 0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05]);
    expect(record.rateChanges).toEqual([{ step: 6, rate: 0.05 }]);
    // One that falls with every step has no plateaus.
    const falling = [0.04, 0.03, 0.02, 0.01];
    fold(record, { type: 'steps', first: 9, losses, rate: falling, seq: 11, time: 1700 });
    expect(record.rateChanges).toHaveLength(1);
  });

  test('a rest is no part of the time of steps, and a clock that goes back turns none around', () => {
    const record = folded(events.slice(0, 8));
    const state = (at: number, time: number, next: 'training' | 'paused') =>
      fold(record, { type: 'state', state: next, seq: at, time });
    state(9, 1500, 'training');
    fold(record, { type: 'steps', first: 1, losses: [1, 1], seq: 10, time: 1700 });
    state(11, 1800, 'paused');
    state(12, 61_800, 'training');
    fold(record, { type: 'steps', first: 3, losses: [1], seq: 13, time: 61_900 });
    fold(record, { type: 'steps', first: 4, losses: [1], seq: 14, time: 1000 });
    expect([...record.times.values]).toEqual([1600, 1700, 1900, 1900]);
    expect(record.rested).toBe(60_000);
  });

  test('has no best epoch while epoch 0 is better than all', () => {
    const record = folded(events.slice(0, 8));
    const worse = { type: 'epoch', epoch: 1, step: 4, loss: 1, valLoss: 0.5 } as const;
    fold(record, { ...worse, samplesPerSecond: 1, seconds: 1, seq: 9, time: 1500 });
    expect(record.best).toBeNull();
  });

  test('names an event of a type that it does not know', () => {
    const odd = { type: 'odd', seq: 1, time: 0 } as unknown as RunEvent;
    expect(() => fold(newRecord('7'), odd)).toThrow('Event 1 of run 7 has an unknown type: "odd".');
  });
});
