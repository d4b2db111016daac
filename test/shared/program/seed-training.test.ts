import { expect, it } from 'vitest';
import { compileModel, ITERATION, LEARNING_RATE } from '../../../shared/program/step.ts';
import { scalar, sizeOf } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';
import {
  goldenTensor,
  readGolden,
  relativeDifference,
  type GoldenTensor,
} from '../../support/goldens.ts';
import { seedModels } from '../../support/seed.ts';

interface Training {
  weights_before: GoldenTensor[];
  weights_after: GoldenTensor[];
  batches: { x: GoldenTensor[]; y: GoldenTensor[] }[];
  logs: { loss: number }[];
}

it("trains the seed's autoencoder to Keras's losses and weights", () => {
  const golden = readGolden<Training>('training/a-autoencoder');
  const compiled = compileModel(seedModels, 'autoencoder', {
    optimizer: { class_name: 'Adam', config: {} },
    loss: 'mse',
  });
  let values: Parameters<typeof interpret>[1] = {
    ...Object.fromEntries(
      compiled.variables.map(({ key }, i) => [key, goldenTensor(golden.weights_before[i]!)]),
    ),
    ...Object.fromEntries(
      compiled.slots.map(({ key, shape }) => [
        key,
        { shape, dtype: 'float32' as const, data: new Float32Array(sizeOf(shape)) },
      ]),
    ),
    [ITERATION]: scalar(0, 'int32'),
  };
  golden.batches.forEach(({ x, y }, step) => {
    const { outputs, updates } = interpret(compiled.train, values, {
      img: goldenTensor(x[0]!),
      'target/0': goldenTensor(y[0]!),
      [LEARNING_RATE]: scalar(compiled.learningRate(step)),
    });
    const expected = golden.logs[step]!.loss;
    expect(Math.abs(outputs['loss']!.data[0]! - expected)).toBeLessThan(1e-5 * expected + 1e-6);
    values = { ...values, ...updates };
  });
  compiled.variables.forEach(({ key }, i) => {
    const expected = goldenTensor(golden.weights_after[i]!).data;
    expect(relativeDifference(values[key]!.data, expected), key).toBeLessThan(2e-5);
  });
}, 60_000);
