import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { templates } from '../../../../assets/templates/catalogue.ts';
import { exportModel, planExport } from '../../../../main/formats/exporters.ts';
import { openTflite } from '../../../../main/formats/verify/open-tflite.ts';
import { predictProgram } from '../../../../main/formats/predict-program.ts';
import { usualExport } from '../../../../shared/api/exports.ts';
import { compose } from '../../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../../shared/keras/spec.ts';
import { layerCases, layerModel, layerValues } from '../layer-cases.ts';
import { expectedOutputs, noisyVariables, randomInputs } from '../samples.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'tflite-'))));
afterEach(() => rm(folder, { recursive: true }));

/** Writes, has it verified, and compares what LiteRT computes with the reference. */
async function roundTrip(spec: ModelSpec, path: string, batch: number | null = null) {
  const variables = noisyVariables(spec);
  const file = join(folder, 'model.tflite');
  const source = { spec, path };
  const options = { ...usualExport, batch };
  const { verification } = await exportModel('tflite', source, variables, file, options);
  expect(verification?.error).toBeUndefined();
  expect(verification).toMatchObject({ runtime: 'LiteRT (TensorFlow Lite)', holds: true });
  const predict = predictProgram(source, { ...options, batch: batch ?? 1 });
  const opened = await openTflite(file, predict, source);
  const inputs = randomInputs(spec, path, batch ?? 1);
  const received = await opened.run(predict.inputs.map(({ name }) => inputs[name]!));
  const expected = expectedOutputs(spec, path, variables, inputs);
  for (const [i, { shape, data }] of received.entries()) {
    const wanted = expected[i]!;
    expect(shape).toEqual(wanted.shape);
    const largest = Math.max(...Array.from(wanted.data, Math.abs));
    expect(largest).toBeGreaterThan(1e-3);
    data.forEach((x, at) =>
      expect(Math.abs(x - wanted.data[at]!)).toBeLessThan(1e-5 * Math.max(1, largest)),
    );
  }
  await opened.close();
  return file;
}

describe('LiteRT computes the same for', () => {
  test('a submodel, at a batch of its own', async () => {
    await roundTrip(templates['autoencoder']!.model, 'autoencoder/decoder', 3);
  });

  test('a submodel that is called twice, whose weights are there once', async () => {
    const twice = (calls: number) =>
      compose(({ input, layers, model }) => {
        const x = input([16, 16, 24], { name: 'x' });
        const conv = layers.conv2d(24, 3, { padding: 'same', activation: 'relu' });
        const block = model(x, conv(x), { name: 'block' });
        const image = input([16, 16, 24], { name: 'image' });
        let y = block(image);
        for (let i = 1; i < calls; i++) y = block(y);
        return model(image, y, { name: 'net' });
      });
    const sizes = [];
    for (const calls of [1, 2]) sizes.push((await stat(await roundTrip(twice(calls), 'net'))).size);
    const weights = 4 * 3 * 3 * 24 * 24;
    expect(sizes[0]).toBeGreaterThan(weights);
    expect(sizes[1]! - sizes[0]!).toBeLessThan(1000);
    expect(sizes[1]).toBeLessThan(1.2 * weights);
  });

  test('ends that are one tensor, or an input as it is', async () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([4], { name: 'x' });
      const y = layers.dense(3, { activation: 'relu' })(x);
      return model(x, [y, x, layers.activation('gelu')(y), y], { name: 'm' });
    });
    await roundTrip(spec, 'm');
  });

  test("each layer of Keras's that TensorFlow Lite has; the others are refused by name", async () => {
    const refused: string[] = [];
    for (const { name, golden } of layerCases.filter(({ name }) => /-0$/.test(name))) {
      const source = { spec: layerModel(golden), path: 'model' };
      const { refusals } = planExport('tflite', source, usualExport);
      if (refusals.length > 0) {
        refused.push(refusals.join());
        continue;
      }
      const file = join(folder, `${name}.tflite`);
      const values = layerValues(source.spec, golden);
      const { verification } = await exportModel('tflite', source, values, file, usualExport);
      expect(verification, name).toMatchObject({ holds: true });
    }
    expect(refused).toEqual(['model/max_pooling3d: TensorFlow Lite has no pooling of volumes']);
  });
});

test('what it has no operator for is named with its layer, and nothing is written', async () => {
  const spec = compose(({ input, layers, model }) => {
    const x = input([5, 5, 2], { name: 'x' });
    const y = layers.conv2dTranspose(2, 2, { dilation_rate: 2, name: 'spread' })(x);
    const inner = model(x, y, { name: 'inner' });
    const image = input([5, 5, 2], { name: 'image' });
    return model(image, inner(image), { name: 'outer' });
  });
  const source = { spec, path: 'outer' };
  const message = /outer\/inner\/spread: TensorFlow Lite has no dilated transposed convolutions/;
  expect(planExport('tflite', source, usualExport).refusals.join()).toMatch(message);
  const file = join(folder, 'model.tflite');
  await expect(
    exportModel('tflite', source, noisyVariables(spec), file, usualExport),
  ).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual([]);
});
