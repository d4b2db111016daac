import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { templates } from '../../../../assets/templates/catalogue.ts';
import type { TrainingFacts } from '../../../../main/formats/exporter.ts';
import { exportModel, planExport } from '../../../../main/formats/exporters.ts';
import { usualExport, type ExportOptions } from '../../../../shared/api/exports.ts';
import type { ImagePreprocessing } from '../../../../shared/data/preprocessing.ts';
import { compose, type Composer } from '../../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../../shared/keras/spec.ts';
import { tensor, type NamedTensors } from '../../../../shared/program/tensor.ts';
import { createRandom } from '../../../../shared/random.ts';
import { layerCases, layerModel, layerValues } from '../layer-cases.ts';
import { expectedOutputs, noisyVariables, randomInputs } from '../samples.ts';

const PYTHON = '/usr/bin/python3';
const hasChecker = spawnSync(PYTHON, ['-c', 'import onnx']).status === 0;
if (!hasChecker) console.warn('SKIPPED: files are not held to onnx.checker: no python3-onnx');

const INSPECT = `
import sys, json, onnx
model = onnx.load(sys.argv[1])
onnx.checker.check_model(model, full_check=True)
graph = model.graph
name = lambda t: onnx.TensorProto.DataType.Name(t.data_type)
print(json.dumps({
  'initializers': {t.name: name(t) + ' ' + ','.join(map(str, t.dims)) for t in graph.initializer},
  'nodes': [n.op_type for n in graph.node],
  'domains': sorted({n.domain for n in graph.node}),
}))
`;

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
  const { verification } = await exportModel('onnx', { spec, path }, variables, file, {
    ...usualExport,
    ...options,
  });
  expect(verification).toMatchObject({ format: 'onnx', holds: true });
  expect(JSON.parse(await readFile(`${file}.verify.json`, 'utf8'))).toEqual(verification);
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

test("ONNX Runtime computes the same for each layer of Keras's", async () => {
  for (const { name, golden } of layerCases) {
    const source = { spec: layerModel(golden), path: 'model' };
    const file = join(folder, `${name}.onnx`);
    const values = layerValues(source.spec, golden);
    const { verification } = await exportModel('onnx', source, values, file, usualExport);
    expect(verification, name).toMatchObject({ holds: true });
  }
});

describe('ONNX Runtime computes the same for', () => {
  for (const [name, { model, training }] of Object.entries(templates))
    test(`the template ${name}`, async () => {
      await roundTrip(model, training.model!);
    });

  test('a submodel, at a batch of its own', async () => {
    const { model } = templates['autoencoder']!;
    const { session } = await roundTrip(model, 'autoencoder/encoder', { batch: 2 });
    expect(session.inputNames).toEqual(['original_img']);
    const [input] = session.inputMetadata;
    expect(input).toMatchObject({ isTensor: true });
    expect((input as { shape: unknown }).shape).toEqual([2, 28, 28, 1]);
  });

  test('ends whose names are those of values inside, or of each other', async () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([4], { name: 'v1' });
      const y = layers.dense(3, { name: 'v2', activation: 'tanh' })(x);
      return model(x, [y, x, layers.dense(2, { name: 'c4' })(y), y], { name: 'm' });
    });
    const { session } = await roundTrip(spec, 'm');
    expect(session.inputNames).toEqual(['v1']);
    expect(session.outputNames).toEqual(['v2', 'v1_1', 'c4', 'v2_1']);
  });
});

const nested = compose(({ input, layers, model }: Composer) => {
  const x = input([8, 9, 3], { name: 'x' });
  const block = model(x, layers.batchNormalization()(layers.conv2d(3, 3, { padding: 'same' })(x)), {
    name: 'block',
  });
  const image = input([8, 9, 3], { name: 'image' });
  const twice = block(layers.activation('gelu')(block(image)));
  const up = layers.conv2dTranspose(4, 3, { strides: 2, padding: 'same' })(twice);
  const vector = layers.dense(5)(layers.globalAveragePooling2d()(up));
  return model(image, [up, layers.softmax()(vector)], { name: 'net' });
});

describe('the file', () => {
  test.skipIf(!hasChecker)(
    'holds each weight once, by its path, as its operators want it',
    async () => {
      const { file } = await roundTrip(nested, 'net');
      const { initializers, nodes, domains } = await inspect(file);
      expect(domains).toEqual(['']);
      const weights = Object.fromEntries(
        Object.entries(initializers).filter(([name]) => name.includes('/')),
      );
      expect(weights).toEqual({
        'net/block/conv2d/kernel': 'FLOAT 3,3,3,3',
        'net/block/conv2d/bias': 'FLOAT 3',
        'net/block/batch_normalization/gamma': 'FLOAT 3',
        'net/block/batch_normalization/beta': 'FLOAT 1,3,1,1',
        'net/block/batch_normalization/moving_mean': 'FLOAT 1,3,1,1',
        'net/block/batch_normalization/moving_variance': 'FLOAT 3',
        'net/conv2d_transpose/kernel': 'FLOAT 3,4,3,3',
        'net/conv2d_transpose/bias': 'FLOAT 4',
        'net/dense/kernel': 'FLOAT 4,5',
        'net/dense/bias': 'FLOAT 5',
      });
      expect(nodes.filter((op) => op === 'Conv').length).toBe(2);
      expect(nodes.filter((op) => op === 'Transpose').length).toBe(2);
    },
  );

  test('takes and gives images channels first without a Transpose', async () => {
    const variables = noisyVariables(nested);
    const inputs = randomInputs(nested, 'net');
    const { file, session } = await written(nested, 'net', variables, {
      layout: 'channels_first',
    });
    const image = inputs['image']!;
    const flipped = new Float32Array(image.data.length);
    const pixels = 8 * 9;
    for (let n = 0; n < 3; n++)
      for (let p = 0; p < pixels; p++)
        for (let c = 0; c < 3; c++)
          flipped[(n * 3 + c) * pixels + p] = image.data[(n * pixels + p) * 3 + c]!;
    const results = await session.run({ image: new Tensor('float32', flipped, [3, 3, 8, 9]) });
    const expected = expectedOutputs(nested, 'net', variables, inputs);
    const [up, probabilities] = session.outputNames.map((name) => results[name]!);
    expect(up!.dims).toEqual([3, 4, 16, 18]);
    expect((up!.data as Float32Array)[16 * 18]).toBeCloseTo(expected[0]!.data[1]!, 4);
    expectSame(probabilities!, expected[1]!);
    expect((await readFile(file, 'latin1')).match(/(?<!Conv|conv2d_)Transpose/gi)).toBe(null);
  });

  test('holds weights in half precision, and computes as with such weights', async () => {
    const variables = noisyVariables(nested);
    const { session } = await written(nested, 'net', variables, { weights: 'float16' });
    const inputs = randomInputs(nested, 'net');
    const received = await run(session, inputs);
    const expected = expectedOutputs(nested, 'net', variables, inputs);
    received.forEach((result, i) => expectSame(result, expected[i]!, 5e-3));
    const { model: seed } = templates['autoencoder']!;
    const sizes = [];
    for (const weights of ['float16', 'float32'] as const)
      sizes.push(
        (await stat((await written(seed, 'autoencoder', noisyVariables(seed), { weights })).file))
          .size,
      );
    expect(sizes[0]! / sizes[1]!).toBeLessThan(0.6);
    const large = { ...variables, 'net/dense/bias': tensor([1e6, 0, 0, 0, 0], [5]) };
    await expect(written(nested, 'net', large, { weights: 'float16' })).rejects.toThrow(
      /net\/dense\/bias holds 1000000, which float16 can't/,
    );
  });

  test('prepares images of any size itself, as the training did', async () => {
    const training = trainedOn({ fit: 'crop', interpolation: 'bicubic', color: 'rgb' });
    const variables = noisyVariables(nested);
    const file = join(folder, 'model.onnx');
    const options = { ...usualExport, preprocessing: true };
    const source = { spec: nested, path: 'net', training };
    const { verification } = await exportModel('onnx', source, variables, file, options);
    expect(verification).toMatchObject({ holds: true });
    const session = await InferenceSession.create(file);
    const pixels = createRandom(3, 'pixels')
      .uniform(40 * 31 * 3, 0, 256)
      .map(Math.floor);
    const results = await session.run({
      image: new Tensor('float32', Float32Array.from(pixels), [1, 40, 31, 3]),
    });
    expect(Object.values(results)[1]!.dims).toEqual([1, 5]);
  });
});

test('what is not known or not there is said, and nothing is written', async () => {
  const file = join(folder, 'model.onnx');
  const options = { ...usualExport, preprocessing: true };
  const source = { spec: nested, path: 'net' };
  expect(planExport('onnx', source, options).refusals.join()).toMatch(/not known how the images/);
  await expect(exportModel('onnx', source, {}, file, options)).rejects.toThrow(/not known how/);
  await expect(exportModel('onnx', source, {}, file, usualExport)).rejects.toThrow(
    /the weights hold no net\/block\/conv2d\/kernel/,
  );
  await expect(
    exportModel('onnx', { spec: nested, path: 'net/dense' }, {}, file, usualExport),
  ).rejects.toThrow(/expected a model; Dense is a layer/);
  expect(await readdir(folder)).toEqual([]);
});

/** A training on images that were prepared so. */
function trainedOn(how: Partial<ImagePreprocessing>): TrainingFacts {
  const image: ImagePreprocessing = {
    kind: 'image',
    size: [8, 9],
    fit: 'stretch',
    interpolation: 'bilinear',
    color: 'rgb',
    background: 0,
    dtype: 'uint8',
    scale: 'unit',
    normalize: null,
    ...how,
  };
  const tie = { port: 'image', columns: ['photo'], as: 'values', noisy: false, why: 'name' };
  return {
    settings: {} as TrainingFacts['settings'],
    data: {
      name: 'photos',
      preprocessing: { photo: image },
      ties: [{ role: 'input', ...tie }],
    } as unknown as NonNullable<TrainingFacts['data']>,
    epochs: 1,
    steps: 10,
    metrics: {},
  };
}

/** What the file holds, in the words of onnx for Python, whose checker it passes. */
async function inspect(file: string) {
  const { stdout, stderr } = spawnSync(PYTHON, ['-c', INSPECT, file], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return JSON.parse(stdout) as {
    initializers: Record<string, string>;
    nodes: string[];
    domains: string[];
  };
}
