import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportModel } from '../../../../main/formats/exporters.ts';
import { usualExport } from '../../../../shared/api/exports.ts';
import { rules } from '../../../../main/formats/tfjs/rules.ts';
import { SpecError } from '../../../../shared/keras/spec.ts';
import { goldenTensor, relativeDifference } from '../../../support/goldens.ts';
import { layerCases, layerModel, layerValues } from '../layer-cases.ts';
import { serveFolder } from './served-folder.ts';

let folder: string;
let site: Awaited<ReturnType<typeof serveFolder>>;
beforeAll(async () => {
  await tf.setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tfjs-layers-'));
  site = await serveFolder(folder);
});
afterAll(async () => {
  site.close();
  await rm(folder, { recursive: true });
});

const loaded = new Set<string>();

test.each(layerCases)('$name means the same in tfjs, or is refused', async ({ name, golden }) => {
  const spec = layerModel(golden);
  const values = layerValues(spec, golden);
  try {
    const source = { spec, path: 'model' };
    await exportModel('tfjs', source, values, join(folder, name), usualExport);
  } catch (error) {
    expect(error).toBeInstanceOf(SpecError);
    return;
  }
  const model = await tf.loadLayersModel(`${site.url}/${name}/model.json`);
  const inputs = golden.inputs.map((x) => {
    const { data, shape, dtype } = goldenTensor(x);
    return tf.tensor(data, [...shape], dtype);
  });
  const [output] = [model.predict(inputs)].flat() as tf.Tensor[];
  expect(output!.shape).toEqual(golden.outputs[0]!.shape);
  expect(
    relativeDifference(await output!.data(), goldenTensor(golden.outputs[0]!).data),
  ).toBeLessThan(1e-5);
  loaded.add(golden.layer.class_name);
});

test('every class that can be written was, and is right', () => {
  expect(Object.keys(rules).filter((name) => !loaded.has(name))).toEqual([]);
});
