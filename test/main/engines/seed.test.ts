import { expect, it } from 'vitest';
import type { Engine } from '../../../main/engines/engine.ts';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createTensorflowEngine } from '../../../main/engines/tensorflow/engine.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../../shared/program/step.ts';
import { scalar, tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import {
  goldenTensor,
  readGolden,
  relativeDifference,
  type GoldenTensor,
} from '../../support/goldens.ts';
import { seedModels } from '../../support/seed.ts';
import { createRandom } from './conformance/inputs.ts';

const engines: [string, () => Promise<Engine>][] = [
  ['onnx', () => createOnnxEngine()],
  ['tensorflow', () => createTensorflowEngine({ provider: 'javascript' })],
];

const compiled = compileModel(seedModels, 'autoencoder', {
  optimizer: { class_name: 'Adam', config: {} },
  loss: 'mse',
});

/** Trains the seed's autoencoder from these values: the loss of each step, and the values after the last. */
async function train(engine: Engine, values: NamedTensors, batches: readonly NamedTensors[]) {
  const step = await engine.compile(compiled.train);
  const variables = await engine.variables(values);
  const losses: number[] = [];
  for (const [updates, batch] of batches.entries()) {
    const rate = scalar(compiled.learningRate(updates));
    const { loss } = await step.run(variables, { ...batch, [LEARNING_RATE]: rate });
    losses.push(loss!.data[0]!);
  }
  return { losses, values: await variables.read() };
}

interface Training {
  weights_before: GoldenTensor[];
  weights_after: GoldenTensor[];
  batches: { x: GoldenTensor[]; y: GoldenTensor[] }[];
  logs: { loss: number }[];
}

for (const [name, create] of engines)
  it(`the ${name} engine trains the seed's autoencoder to Keras's losses and weights`, async () => {
    const golden = readGolden<Training>('training/a-autoencoder');
    const before = compiled.variables.map(({ key }, i) => [
      key,
      goldenTensor(golden.weights_before[i]!),
    ]);
    const batches = golden.batches.map(({ x, y }) => ({
      img: goldenTensor(x[0]!),
      'target/0': goldenTensor(y[0]!),
    }));
    const engine = await create();
    const initial = { ...initialValues(compiled, 0), ...Object.fromEntries(before) };
    const { losses, values } = await train(engine, initial, batches);
    await engine.dispose();
    for (const [step, { loss }] of golden.logs.entries())
      expect(Math.abs(losses[step]! - loss), `step ${step}`).toBeLessThan(1e-5 * loss + 1e-6);
    for (const [i, { key }] of compiled.variables.entries()) {
      const expected = goldenTensor(golden.weights_after[i]!).data;
      expect(relativeDifference(values[key]!.data, expected), key).toBeLessThan(2e-5);
    }
  });

it('both engines give the same losses over 20 steps from the same seed', async () => {
  const random = createRandom(1);
  const batches = Array.from({ length: 20 }, () => {
    const pixels = Array.from({ length: 4 * 784 }, () => Math.max(0, random() * 3 - 2));
    const image = tensor(pixels, [4, 28, 28, 1]);
    return { img: image, 'target/0': image };
  });
  const [a, b] = await Promise.all(
    engines.map(async ([, create]) => {
      const engine = await create();
      const { losses } = await train(engine, initialValues(compiled, 7), batches);
      await engine.dispose();
      return losses;
    }),
  );
  expect(a).toHaveLength(20);
  for (const [step, loss] of a!.entries())
    expect(Math.abs(loss - b![step]!), `step ${step}`).toBeLessThan(1e-4 * loss);
  expect(new Set(a).size).toBe(20);
  expect(a!.at(-1)).toBeLessThan(a![0]!);
});
