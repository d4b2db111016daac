import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { templates } from '../../../../assets/templates/catalogue.ts';
import { exportModel } from '../../../../main/formats/exporters.ts';
import { usualExport, type ExportOptions } from '../../../../shared/api/exports.ts';
import { compose } from '../../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../../shared/keras/spec.ts';
import type { NamedTensors, TensorData } from '../../../../shared/program/tensor.ts';
import { expectedOutputs, noisyVariables, randomInputs } from '../samples.ts';

let folder: string;
beforeEach(async () => (folder = await mkdtemp(join(tmpdir(), 'onnx-'))));
afterEach(() => rm(folder, { recursive: true }));

async function written(
  spec: ModelSpec,
  path: string,
  variables: NamedTensors,
  options: Partial<ExportOptions> = {},
) {
  const file = join(folder, 'model.onnx');
  await exportModel('onnx', { spec, path }, variables, file, { ...usualExport, ...options });
  return { file, session: await InferenceSession.create(file, { logSeverityLevel: 4 }) };
}

async function run(session: InferenceSession, inputs: NamedTensors) {
  const feeds = Object.fromEntries(
    Object.entries(inputs).map(([name, { dtype, data, shape }]) => [
      name,
      new Tensor(dtype as 'float32', data as Float32Array, shape),
    ]),
  );
  const results = await session.run(feeds);
  return session.outputNames.map((name) => results[name]!);
}

type Numbers = { readonly shape: readonly number[]; readonly data: ArrayLike<number> };

function expectSame(received: Tensor, expected: Numbers, tolerance = 1e-5) {
  expect([...received.dims]).toEqual(expected.shape);
  const numbers = received.data as Float32Array;
  let [difference, largest] = [0, 0];
  for (const [i, x] of Array.from(expected.data).entries()) {
    difference = Math.max(difference, Math.abs(numbers[i]! - x));
    largest = Math.max(largest, Math.abs(x));
  }
  expect(largest).toBeGreaterThan(1e-3);
  expect(difference).toBeLessThan(tolerance * Math.max(1, largest));
}

async function roundTrip(spec: ModelSpec, path: string, options: Partial<ExportOptions> = {}) {
  const variables = noisyVariables(spec);
  const inputs = randomInputs(spec, path, options.batch ?? 3);
  const { file, session } = await written(spec, path, variables, options);
  const received = await run(session, inputs);
  const expected = expectedOutputs(spec, path, variables, inputs);
  received.forEach((result, i) => expectSame(result, expected[i]!));
  return { file, session, inputs, variables };
}

describe('ONNX Runtime computes the same for', () => {
  for (const [name, { model, training }] of Object.entries(templates))
    test(`the template ${name}`, async () => {
      const { session } = await roundTrip(model, training.model!);
      expect(session.inputNames.length).toBeGreaterThan(0);
    });
});
