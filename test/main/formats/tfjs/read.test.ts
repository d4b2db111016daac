import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exportModel } from '../../../../main/formats/exporters.ts';
import { readModelFile, readWeightsFile } from '../../../../main/formats/read.ts';
import type { ReadModel } from '../../../../main/formats/model-file.ts';
import { usualExport } from '../../../../shared/api/exports.ts';
import { layerOf } from '../../../../shared/keras/spec.ts';
import { interpret } from '../../../../shared/program/interpreter/interpret.ts';
import { tensor } from '../../../../shared/program/tensor.ts';
import { traceModel } from '../../../../shared/program/trace.ts';
import { relativeDifference } from '../../../support/goldens.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matryoshka-tfjs-'));
  await tf.setBackend('cpu');
});
afterAll(() => rm(folder, { recursive: true }));

const write = async (name: string, files: Record<string, Uint8Array | string>) => {
  await mkdir(join(folder, name), { recursive: true });
  for (const [file, content] of Object.entries(files))
    await writeFile(join(folder, name, file), content);
  return join(folder, name, 'model.json');
};

/** Saves as tfjs does for a browser's download. */
async function save(model: tf.LayersModel, name: string): Promise<string> {
  let file = '';
  await model.save(
    tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData, trainingConfig }) => {
      const bytes = new Uint8Array(weightData as ArrayBuffer);
      file = await write(name, {
        'model.json': JSON.stringify({
          format: 'layers-model',
          modelTopology,
          trainingConfig,
          weightsManifest: [{ paths: ['a.bin', 'b.bin'], weights: weightSpecs }],
        }),
        'a.bin': bytes.subarray(0, 100),
        'b.bin': bytes.subarray(100),
      });
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
  return file;
}

/** The read model's outputs for these numbers at each input. */
function run(
  { spec, model, values }: ReadModel,
  inputs: readonly (readonly [number[], number[]])[],
) {
  const { ops, outputs } = traceModel(spec, model);
  const program = ops.program({ y: outputs[0]! });
  const feeds = layerOf(spec, model).graph!.inputs.map(([id], i) => [
    layerOf(spec, id).config.name,
    tensor(inputs[i]![0], inputs[i]![1]),
  ]);
  return interpret(program, values, Object.fromEntries(feeds))['y']!.data;
}

function nested(): tf.LayersModel {
  const image = tf.input({ shape: [6, 6, 2], name: 'image' });
  let x = tf.layers.conv2d({ filters: 3, kernelSize: 3, activation: 'swish' }).apply(image);
  x = tf.layers.batchNormalization({ name: 'norm' }).apply(x);
  x = tf.layers.leakyReLU({ alpha: 0.2 }).apply(x);
  x = tf.layers.depthwiseConv2d({ kernelSize: 2, name: 'depth' }).apply(x);
  const features = tf.layers.globalAveragePooling2d({}).apply(x) as tf.SymbolicTensor;
  const encoder = tf.model({ inputs: image, outputs: features, name: 'encoder' });
  const left = tf.input({ shape: [6, 6, 2], name: 'left' });
  const right = tf.input({ shape: [6, 6, 2], name: 'right' });
  const both = [encoder.apply(left), encoder.apply(right)] as tf.SymbolicTensor[];
  let y = tf.layers.concatenate().apply(both) as tf.SymbolicTensor;
  y = tf.layers.reshape({ targetShape: [3, 2] }).apply(y) as tf.SymbolicTensor;
  y = tf.layers
    .lstm({ units: 4, recurrentActivation: 'sigmoid', name: 'lstm' })
    .apply(y) as tf.SymbolicTensor;
  y = tf.layers
    .dense({ units: 2, activation: 'softmax', name: 'end' })
    .apply(y) as tf.SymbolicTensor;
  return tf.model({ inputs: [left, right], outputs: y, name: 'pair' });
}

const numbers = (size: number) => Array.from({ length: size }, (_, i) => Math.sin(i * 1.7));

describe('a LayersModel of TensorFlow.js', () => {
  test('is read with its nested model, and computes the same', async () => {
    const model = nested();
    const file = await save(model, 'pair');
    const read = await readModelFile(file);
    expect(read.notes).toEqual([]);
    expect(layerOf(read.spec, read.model).graph!.calls.map(({ layer }) => layer)).toEqual(
      expect.arrayContaining(['pair/encoder', 'pair/encoder']),
    );
    const images = [numbers(144), numbers(144).reverse()].map(
      (data) => [data, [2, 6, 6, 2]] as const,
    );
    const given = images.map(([data]) => tf.tensor4d(data, [2, 6, 6, 2]));
    const expected = (model.predict(given) as tf.Tensor).dataSync();
    expect(relativeDifference(run(read, images as never), expected)).toBeLessThan(1e-5);

    const again = await readWeightsFile(file, read.spec, read.model);
    expect(again.values).toEqual(read.values);
  });

  test('that this project wrote comes back', async () => {
    const read = await readModelFile('test/goldens/files/sequential.keras');
    const target = join(folder, 'again');
    const source = { spec: read.spec, path: 'seq' };
    await exportModel('tfjs', source, read.values, target, usualExport);
    const again = await readModelFile(join(target, 'model.json'));
    expect(Object.values(again.values)).toEqual(Object.values(read.values));
    const input = [[numbers(72), [2, 6, 6, 1]]] as never;
    expect(run(again, input)).toEqual(run(read, input));
  });

  // As tensorflowjs_converter 4 writes a Sequential of tf.keras 2, with weights as uint8.
  const converted = {
    format: 'layers-model',
    generatedBy: 'keras v2.12.0',
    convertedBy: 'TensorFlow.js Converter v4.4.0',
    modelTopology: {
      keras_version: '2.12.0',
      backend: 'tensorflow',
      model_config: {
        class_name: 'Sequential',
        config: {
          name: 'sequential',
          layers: [
            {
              class_name: 'InputLayer',
              config: {
                batch_input_shape: [null, 2],
                dtype: 'float32',
                sparse: false,
                ragged: false,
                name: 'dense_input',
              },
            },
            {
              class_name: 'Dense',
              config: {
                name: 'dense',
                trainable: true,
                dtype: 'float32',
                batch_input_shape: [null, 2],
                units: 2,
                activation: 'linear',
                use_bias: true,
                kernel_initializer: { class_name: 'GlorotUniform', config: { seed: null } },
                bias_initializer: { class_name: 'Zeros', config: {} },
                kernel_regularizer: null,
                bias_regularizer: null,
                activity_regularizer: null,
                kernel_constraint: null,
                bias_constraint: null,
              },
            },
          ],
        },
      },
      training_config: {
        loss: 'mse',
        metrics: [
          [{ class_name: 'MeanMetricWrapper', config: { name: 'mae', fn: 'mean_absolute_error' } }],
        ],
        weighted_metrics: null,
        loss_weights: null,
        optimizer_config: {
          class_name: 'Custom>Adam',
          config: {
            name: 'Adam',
            learning_rate: 0.01,
            jit_compile: false,
            is_legacy_optimizer: false,
          },
        },
      },
    },
    weightsManifest: [
      {
        paths: ['group1-shard1of1.bin'],
        weights: [
          {
            name: 'dense/kernel',
            shape: [2, 2],
            dtype: 'float32',
            quantization: { dtype: 'uint8', min: -1, scale: 0.5, original_dtype: 'float32' },
          },
          { name: 'dense/bias', shape: [2], dtype: 'float32' },
        ],
      },
    ],
  };

  test('that the converter from Python wrote is read, quantized weights too', async () => {
    const shard = Buffer.alloc(12);
    shard.set([0, 1, 2, 4]);
    shard.writeFloatLE(0.25, 4);
    shard.writeFloatLE(0.5, 8);
    const file = await write('python', {
      'model.json': JSON.stringify(converted),
      'group1-shard1of1.bin': shard,
    });
    const { values, training, notes } = await readModelFile(file);
    expect(notes).toEqual([]);
    expect(Array.from(values['sequential/dense/kernel']!.data)).toEqual([-1, -0.5, 0, 1]);
    expect(Array.from(values['sequential/dense/bias']!.data)).toEqual([0.25, 0.5]);
    expect(training!.settings).toEqual({
      optimizer: { class_name: 'Adam', config: { name: 'Adam', learning_rate: 0.01 } },
      loss: 'mse',
      metrics: ['mean_absolute_error'],
    });
  });

  test.each([
    ['../secret.bin', /must lie beside it/],
    ['missing.bin', /model\.json: missing\.bin: ENOENT/],
  ])('with weights in %s is refused', async (path, expected) => {
    const weightsManifest = [{ ...converted.weightsManifest[0], paths: [path] }];
    const file = await write('bad', {
      'model.json': JSON.stringify({ ...converted, weightsManifest }),
    });
    await expect(readModelFile(file)).rejects.toThrow(expected);
  });

  test('with too few bytes of weights is refused', async () => {
    const file = await write('short', {
      'model.json': JSON.stringify(converted),
      'group1-shard1of1.bin': Buffer.alloc(5),
    });
    await expect(readModelFile(file)).rejects.toThrow(
      'model.json: dense/bias ends outside the 5 bytes of weights',
    );
  });
});
