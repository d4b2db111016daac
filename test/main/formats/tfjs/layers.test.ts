import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exportModel } from '../../../../main/formats/exporters.ts';
import { usualExport } from '../../../../shared/api/exports.ts';
import { rules } from '../../../../main/formats/tfjs/rules.ts';
import { catalogue } from '../../../../shared/keras/layers/catalogue.ts';
import { fromKerasLayer } from '../../../../shared/keras/keras-json.ts';
import { SpecError, type LayerSpec, type ModelSpec } from '../../../../shared/keras/spec.ts';
import { traceModel } from '../../../../shared/program/trace.ts';
import {
  goldenTensor,
  readGolden,
  relativeDifference,
  type GoldenTensor,
} from '../../../support/goldens.ts';
import { serveFolder } from './served-folder.ts';

type Nest = number | Nest[];

interface Case {
  layer: { class_name: string; config: { name: string } };
  training: boolean;
  call: { args: Nest[]; kwargs: object; tensor_kwargs: object };
  inputs: GoldenTensor[];
  weights: GoldenTensor[];
  outputs: GoldenTensor[];
}

/** Keras's own layers with their numbers; of those that take tensors by position, in inference mode. */
const cases = readdirSync(new URL('../../../goldens/layers', import.meta.url))
  .map((file) => ({
    name: file.replace('.json', ''),
    golden: readGolden<Case>(`layers/${file.replace('.json', '')}`),
  }))
  .filter(
    ({ golden: { layer, training, call, weights } }) =>
      catalogue.has(layer.class_name) &&
      !(training && weights.length > 0) &&
      Object.keys({ ...call.kwargs, ...call.tensor_kwargs }).length === 0 &&
      call.args.length === 1,
  );

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

/** A model of the one layer. */
function modelOf({ layer, inputs, call }: Case): ModelSpec {
  const alone = fromKerasLayer(layer);
  const id = alone.models[0]!;
  const layers: Record<string, LayerSpec> = { ...alone.layers };
  const refs = inputs.map(({ shape, dtype }, i) => {
    layers[`x${i}`] = {
      class_name: 'InputLayer',
      config: { name: `x${i}`, batch_shape: [null, ...shape.slice(1)], dtype },
    };
    return [`x${i}`, 0, 0] as const;
  });
  const args = call.args.map((nest) =>
    Array.isArray(nest) ? nest.flat().map((i) => refs[i as number]!) : refs[nest]!,
  );
  const calls = [...refs.map(([layer]) => ({ layer, args: [] })), { layer: id, args }];
  const graph = { calls, inputs: refs, outputs: [[id, 0, 0] as const] };
  layers['model'] = { class_name: 'Functional', config: { name: 'model' }, graph };
  return { version: 1, layers, models: ['model'] };
}

const loaded = new Set<string>();

test.each(cases)('$name means the same in tfjs, or is refused', async ({ name, golden }) => {
  const spec = modelOf(golden);
  const { variables } = traceModel(spec, 'model');
  const values = variables.map(({ key }, i) => [key, goldenTensor(golden.weights[i]!)] as const);
  try {
    const source = { spec, path: 'model' };
    await exportModel('tfjs', source, Object.fromEntries(values), join(folder, name), usualExport);
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
