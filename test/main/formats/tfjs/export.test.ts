import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { exportModel } from '../../../../main/formats/exporters.ts';
import { usualExport } from '../../../../shared/api/exports.ts';
import { compose, type Composer, type SymbolicTensor } from '../../../../shared/keras/compose.ts';
import { layerAt } from '../../../../shared/keras/graph.ts';
import { layerOf, type ModelSpec } from '../../../../shared/keras/spec.ts';
import { freshVariables } from '../../../../shared/program/step.ts';
import { tensor, type NamedTensors, type TensorData } from '../../../../shared/program/tensor.ts';
import { traceModel } from '../../../../shared/program/trace.ts';
import { createRandom } from '../../../../shared/random.ts';
import { interpret } from '../../../reference/interpret.ts';
import { seedModels } from '../../../support/seed.ts';
import { serveFolder } from './served-folder.ts';

let folder: string;
let site: Awaited<ReturnType<typeof serveFolder>>;
beforeAll(() => tf.setBackend('cpu'));
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tfjs-'));
  site = await serveFolder(folder);
});
afterEach(async () => {
  site.close();
  await rm(folder, { recursive: true });
});
afterAll(() => tf.disposeVariables());

/** The variables of every model in the spec, none of them zero, so that no mix-up goes unseen. */
function variablesOf(spec: ModelSpec): NamedTensors {
  const variables = spec.models.flatMap((model) => traceModel(spec, model).variables);
  const fresh = freshVariables(variables, 1);
  for (const [key, { shape, data, dtype }] of Object.entries(fresh)) {
    const noise = createRandom(2, key).uniform(data.length, -0.2, 0.2);
    fresh[key] = tensor(
      Array.from(data, (value, i) => value + noise[i]!),
      shape,
      dtype,
    );
  }
  return fresh;
}

const exportTfjs = (spec: ModelSpec, path: string, variables: NamedTensors, target: string) =>
  exportModel('tfjs', { spec, path }, variables, target, usualExport);

/** Exports the model at a path, loads it with tfjs, and compares what both compute for random inputs. */
async function roundTrip(spec: ModelSpec, path: string) {
  const variables = variablesOf(spec);
  const result = await exportTfjs(spec, path, variables, join(folder, 'model'));
  const { ops, inputs, outputs } = traceModel(spec, layerAt(spec, path));
  const feeds = inputs.map(({ shape }, i): TensorData => {
    const known = shape.map((dim) => dim ?? 3);
    const size = known.reduce((a, b) => a * b, 1);
    return tensor(createRandom(i, 'input').uniform(size, -1, 1), known);
  });
  const program = ops.program(Object.fromEntries(outputs.map((value, i) => [String(i), value])));
  const names = layerOf(spec, layerAt(spec, path)).graph!.inputs.map(
    ([input]) => layerOf(spec, input).config.name,
  );
  const expected = interpret(
    program,
    variables,
    Object.fromEntries(names.map((name, i) => [name, feeds[i]!])),
  );

  const model = await tf.loadLayersModel(`${site.url}/model/model.json`);
  const answers = model.predict(feeds.map(({ data, shape }) => tf.tensor(data, [...shape]))) as
    tf.Tensor | tf.Tensor[];
  const received = [answers].flat();
  expect(received.length).toBe(outputs.length);
  for (const [i, answer] of received.entries()) {
    const wanted = expected.outputs[String(i)]!;
    expect(answer.shape).toEqual(wanted.shape);
    const values = await answer.data();
    let difference = 0;
    let largest = 0;
    values.forEach((value, at) => {
      difference = Math.max(difference, Math.abs(value - wanted.data[at]!));
      largest = Math.max(largest, Math.abs(value));
    });
    expect(largest).toBeGreaterThan(1e-3);
    expect(difference).toBeLessThan(1e-5);
  }
  return { model, result };
}

describe('tfjs loads and computes the same for', () => {
  test.each(['autoencoder', 'autoencoder/encoder', 'encoder', 'autoencoder/decoder'])(
    'the autoencoder: %s',
    async (path) => {
      const { model, result } = await roundTrip(seedModels, path);
      expect(model.name).toBe(path.split('/').at(-1));
      expect(result.notes).toEqual([]);
      expect(await readdir(join(folder, 'model'))).toEqual(['model.json', 'weights.bin']);
      for (const { name, bytes } of result.files)
        expect((await readFile(join(folder, 'model', name))).length).toBe(bytes);
    },
  );

  test('a submodel called twice, whose weights are written once', async () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([4], { name: 'x' });
      const twin = model(x, layers.dense(3, { activation: 'tanh' })(x), { name: 'twin' });
      const left = input([4], { name: 'left' });
      const right = input([4], { name: 'right' });
      const joined = layers.concatenate()([twin(left), twin(right)]);
      return model([left, right], [layers.dense(2)(joined), twin(right)], { name: 'siamese' });
    });
    const { model } = await roundTrip(spec, 'siamese');
    expect(model.countParams()).toBe(4 * 3 + 3 + 6 * 2 + 2);
  });

  test('equal names in two submodels', async () => {
    const spec = compose(({ input, layers, model }) => {
      const half = (name: string) => {
        const x = input([4], { name: 'x' });
        return model(x, layers.dense(4, { name: 'd' })(x), { name });
      };
      const x = input([4], { name: 'x' });
      return model(x, layers.add({ name: 'd' })([half('one')(x), half('two')(x)]), { name: 'top' });
    });
    const { result } = await roundTrip(spec, 'top');
    expect(result.notes.join('\n')).toMatch(/top\/two\/d is named two_d/);
  });

  test('a layer shared by two submodels, as copies, and says so', async () => {
    const spec = compose(({ input, layers, model }) => {
      const shared = layers.dense(4, { name: 'shared' });
      const half = (name: string, activation: string) => {
        const x = input([4], { name: `${name}_in` });
        return model(x, layers.activation(activation)(shared(x)), { name });
      };
      const x = input([4], { name: 'x' });
      const y = half('two', 'sigmoid')(half('one', 'tanh')(x));
      return model(x, y, { name: 'top' });
    });
    const { model, result } = await roundTrip(spec, 'top');
    expect(model.countParams()).toBe(2 * 20);
    expect(result.notes.join('\n')).toMatch(/top\/one\/shared and top\/two\/shared share their/);
  });

  test('calls that tfjs makes in another order than they were written', async () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([3], { name: 'x' });
      const m = layers.dense(3, { name: 'm' });
      const k = layers.dense(3, { name: 'k', activation: 'tanh' });
      const l = layers.dense(3, { name: 'l', activation: 'sigmoid' });
      const deep = l(m(k(m(x))));
      const shallow = l(x);
      return model(x, [layers.concatenate()([deep, shallow]), deep], { name: 'top' });
    });
    await roundTrip(spec, 'top');
  });

  test('three levels, several inputs and outputs, an unused input, an image branch', async () => {
    const spec = compose(({ input, layers, model }) => {
      const a = input([6, 6, 2], { name: 'a' });
      const b = input([5], { name: 'b' });
      const features = layers.flatten()(
        layers.maxPooling2d(2, { strides: 1, padding: 'same' })(
          layers.conv2d(3, [3, 2], { strides: 2, padding: 'same', dilation_rate: 1 })(a),
        ),
      );
      const inner = model([a, b], [features, layers.dropout(0.5)(b)], { name: 'inner' });
      const c = input([6, 6, 2], { name: 'c' });
      const d = input([5], { name: 'd' });
      const middle = model([c, d], inner([c, d]), { name: 'middle' });
      const e = input([6, 6, 2], { name: 'e' });
      const f = input([5], { name: 'f' });
      const unused = input([2], { name: 'unused' });
      const [image, vector] = middle([e, f]) as [SymbolicTensor, SymbolicTensor];
      const y = layers.concatenate({ axis: -1 })([layers.dense(5)(image), vector]);
      const out = layers.dense(4, { activation: 'softmax', use_bias: false })(y);
      return model([f, unused, e], [out, vector], { name: 'outer' });
    });
    await roundTrip(spec, 'outer');
    await roundTrip(spec, 'outer/middle/inner');
  });

  test('one tensor taken or given twice, which tfjs by itself would lose', async () => {
    const spec = compose(({ input, layers, model }) => {
      const a = input([3], { name: 'a' });
      const b = layers.dense(3)(a);
      const twice = model(a, [b, b, a], { name: 'twice' });
      const x = input([3], { name: 'x' });
      const [left, right, same] = twice(layers.add()([x, x])) as [never, never, never];
      const sum = layers.concatenate()([left, left, right]);
      return model(x, [sum, layers.add()([left, same]), sum], { name: 'top' });
    });
    const { result } = await roundTrip(spec, 'top');
    expect(result.notes.join('\n')).toMatch(/twice gives one tensor twice/);
    expect(result.notes.join('\n')).toMatch(/top: top\/add takes one tensor twice/);
  });

  test('strided and same transposed convolutions, and names that tfjs would refuse', async () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([4, 5, 2], { name: '输入' });
      let y = layers.conv2dTranspose(3, [2, 4], { strides: [3, 2], name: 'constructor' })(x);
      y = layers.conv2dTranspose(2, 3, { strides: 2, padding: 'same', name: 'my layer' })(y);
      y = layers.upSampling2d([1, 2])(y);
      return model(x, y, { name: 'up' });
    });
    await roundTrip(spec, 'up');
  });
});

test('frozen layers stay frozen, also inside a frozen submodel', async () => {
  const spec = compose(({ input, layers, model }) => {
    const x = input([2], { name: 'x' });
    const frozen = model(x, layers.dense(3)(x), { name: 'frozen', trainable: false });
    const y = input([2], { name: 'y' });
    return model(y, layers.dense(1)(frozen(y)), { name: 'top' });
  });
  const { model } = await roundTrip(spec, 'top');
  expect(model.trainableWeights.length).toBe(2);
  expect(model.nonTrainableWeights.length).toBe(2);
});

describe('refuses', () => {
  const one = (build: (composer: Composer) => ReturnType<Composer['layer']>, shape = [4, 4, 2]) =>
    compose((composer) => {
      const x = composer.input(shape, { name: 'x' });
      return composer.model(x, build(composer)(x), { name: 'm' });
    });
  test.each([
    [
      'a setting that tfjs ignores',
      one(({ layers }) => layers.conv2d(2, 3, { groups: 2 })),
      'm',
      /m\/conv2d: tfjs does not know every groups of Conv2D: expected 1; got 2/,
    ],
    [
      'a plain layer',
      one(({ layers }) => layers.dense(1)),
      'm/dense',
      /expected a model; Dense is a layer/,
    ],
    [
      'a path that is not there',
      one(({ layers }) => layers.dense(1)),
      'm/decoder',
      /m has no decoder; it has x, dense/,
    ],
  ])('%s', async (_, spec, path, message) => {
    const target = join(folder, 'model');
    await expect(exportTfjs(spec, path, variablesOf(spec), target)).rejects.toThrow(message);
    expect(await readdir(folder)).toEqual([]);
  });

  test('weights of another model', async () => {
    const spec = one(({ layers }) => layers.dense(1));
    const target = join(folder, 'model');
    await expect(exportTfjs(spec, 'm', {}, target)).rejects.toThrow(/hold no m\/dense\/kernel/);
    const wrong = { ...variablesOf(spec), 'm/dense/kernel': tensor([1], [1]) };
    await expect(exportTfjs(spec, 'm', wrong, target)).rejects.toThrow(/\(2, 1\); .* \(1,\)/);
  });

  test('a folder with other files, but replaces an earlier export', async () => {
    const spec = one(({ layers }) => layers.dense(1));
    const target = join(folder, 'model');
    await exportTfjs(spec, 'm', variablesOf(spec), target);
    await exportTfjs(spec, 'm', variablesOf(spec), target);
    await writeFile(join(target, 'thesis.txt'), 'years of work');
    await expect(exportTfjs(spec, 'm', variablesOf(spec), target)).rejects.toThrow(
      /already holds thesis\.txt/,
    );
    expect(await readFile(join(target, 'thesis.txt'), 'utf8')).toBe('years of work');
    await mkdir(join(folder, 'empty'));
    await exportTfjs(spec, 'm', variablesOf(spec), join(folder, 'empty'));
    expect((await readdir(folder)).sort()).toEqual([
      'empty',
      'empty.verify.json',
      'model',
      'model.verify.json',
    ]);
  });
});
