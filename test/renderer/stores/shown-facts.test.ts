import { expect, test } from 'vitest';
import { fold, newRecord } from '../../../renderer/stores/run-record.ts';
import { factsAt } from '../../../renderer/stores/shown-facts.ts';
import type { RunEventBody } from '../../../shared/api/events.ts';

const plan: RunEventBody = {
  type: 'plan',
  epochs: 1,
  stepsPerEpoch: 100,
  batchSize: 1,
  trainSamples: 100,
  validationSamples: 1,
  engine: { engine: 'onnx', provider: 'cpu', device: 'CPU', kind: 'cpu', reason: '' },
  layers: [
    { path: 'm', units: 8 },
    { path: 'm/input', units: 0 },
  ],
};
const look = (step: number): RunEventBody => ({
  type: 'layers',
  step,
  gradients: [step / 10, null],
  updates: [0.01, null],
  dead: [2, null],
});

test('the facts are those of the last look at or before a step; the tree rests till there is another', () => {
  const record = newRecord('run');
  [plan, look(5), look(20), look(60)].forEach((body, i) =>
    fold(record, { ...body, seq: i + 1, time: i }),
  );
  expect(factsAt(record, 4)).toBeNull();
  expect(factsAt(record, 59)!.get('m')).toEqual({
    gradient: 2,
    update: 0.01,
    dead: 2,
    units: 8,
    trend: [0.5, 2],
  });
  expect(factsAt(record, 59)!.get('m/input')).toMatchObject({ gradient: null, units: 0 });
  const newest = factsAt(record, null)!;
  expect(newest.get('m')!.gradient).toBe(6);
  expect(factsAt({ ...record }, null)).toBe(newest);
  fold(record, { type: 'resumed', step: 30, epoch: 0, seq: 5, time: 9 });
  expect(factsAt(record, null)!.get('m')!.trend).toEqual([0.5, 2]);
});
