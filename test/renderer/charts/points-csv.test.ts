import { expect, test } from 'vitest';
import type { RunEventBody } from '../../../shared/api/events.ts';
import { pointsCsv } from '../../../renderer/charts/points-csv.ts';
import { fold, newRecord } from '../../../renderer/stores/run-record.ts';

test('has a line for every step, with its epoch, its time and the validation where there is one', () => {
  const plan: RunEventBody = {
    type: 'plan',
    epochs: 2,
    stepsPerEpoch: 2,
    batchSize: 1,
    trainSamples: 2,
    validationSamples: 1,
    engine: { engine: 'onnx', provider: 'cpu', device: 'CPU', kind: 'cpu', reason: '' },
  };
  const epoch = { type: 'epoch', samplesPerSecond: 1, seconds: 1 } as const;
  const bodies: [number, RunEventBody][] = [
    [100, plan],
    [100, { ...epoch, epoch: 0, step: 0, loss: null, valLoss: 0.25 }],
    [1000, { type: 'state', state: 'training' }],
    [2000, { type: 'steps', first: 1, losses: [0.1, 0.2], rate: 0.5 }],
    [
      2000,
      {
        ...epoch,
        epoch: 1,
        step: 2,
        loss: 0.15,
        valLoss: 0.125,
        logs: { accuracy: 0.75, val_accuracy: 0.5 },
      },
    ],
    [2500, { type: 'steps', first: 3, losses: [0.3], rate: [0.25] }],
  ];
  const record = newRecord('run');
  bodies.forEach(([time, body], i) => fold(record, { ...body, seq: i + 1, time }));
  expect(pointsCsv(record).split('\n')).toEqual([
    'step,epoch,seconds,loss,val_loss,learning_rate,accuracy,val_accuracy',
    '0,0,0.000,,0.25,,,',
    '1,1,0.500,0.1,,0.5,,',
    '2,1,1.000,0.2,0.125,0.5,0.75,0.5',
    '3,2,1.500,0.3,,0.25,,',
    '',
  ]);
});
