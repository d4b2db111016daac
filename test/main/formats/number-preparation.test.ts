import { expect, test } from 'vitest';
import type { ExportSource } from '../../../main/formats/exporter.ts';
import { predictProgram } from '../../../main/formats/predict-program.ts';
import type { RunData } from '../../../shared/data/run-data.ts';
import { compose } from '../../../shared/keras/compose.ts';
import { trainingSettings } from '../../../shared/keras/training-settings.ts';
import { tensor } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';

const spec = compose(({ input, layers, model }) => {
  const [x, z] = [input([2], { name: 'x' }), input([2, 2], { name: 'z' })];
  return model([x, z], layers.concatenate()([x, layers.flatten()(z)]), { name: 'net' });
});
const numbers = (mean: number[], std: number[]) =>
  ({ kind: 'numbers', normalize: { mean, std } }) as const;
const tie = (port: string, columns: string[]) =>
  ({ role: 'input', port, columns, as: 'values', noisy: false, why: 'chosen' }) as const;

function source(preprocessing: RunData['preprocessing']): ExportSource {
  const data: RunData = {
    name: 'table',
    hash: 'a'.repeat(64),
    samples: 9,
    task: 'regress',
    split: 'by ratio',
    preprocessing,
    ties: [tie('x', ['a', 'b']), tie('z', ['grid'])],
  };
  const settings = trainingSettings.parse({ model: 'net' });
  return { spec, path: 'net', training: { settings, data, epochs: 1, steps: 1, metrics: {} } };
}

test('numbers are normalised in the model as they were in training', () => {
  const prepared = source({
    a: numbers([10], [2]),
    b: { kind: 'numbers', normalize: null },
    grid: numbers([1, 2], [4, 2]),
  });
  const options = { batch: null, layout: 'channels_last', preprocessing: true } as const;
  const { program, inputs, outputs } = predictProgram(prepared, options);
  expect(inputs.map(({ name }) => name)).toEqual(['x', 'z']);
  const result = interpret(
    program,
    {},
    { x: tensor([14, 7], [1, 2]), z: tensor([5, 6, 1, 2], [1, 2, 2]) },
  ).outputs[outputs[0]!.name]!;
  expect(Array.from(result.data)).toEqual([2, 7, 1, 2, 0, 0]);
});

test('without anything that was done to them there is nothing to put into the model', () => {
  const plain = { kind: 'numbers', normalize: null } as const;
  const options = { batch: null, layout: 'channels_last', preprocessing: true } as const;
  expect(() => predictProgram(source({ a: plain, b: plain, grid: plain }), options)).toThrow(
    /not known how/,
  );
});
