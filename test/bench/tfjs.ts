import * as tf from '@tensorflow/tfjs';
import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { openLoop } from './engine-loop.ts';
import { peerModel } from './peer-models.ts';
import { markdownTable, median, times as ratio } from './stats.ts';

const BATCH = 8;

/**
 * Prints the seed's training step on the onnx engine beside tfjs-layers' own `trainOnBatch` on tfjs's JavaScript
 * backend: the same layers, loss and optimizer.
 */
export async function benchTfjs(): Promise<void> {
  console.log(`\nThe seed's training step beside tfjs's JavaScript backend, batch ${BATCH}, ms\n`);
  await tf.setBackend('cpu');
  const model = seed();
  const x = tf.randomUniform([BATCH, 28, 28, 1]);
  const times: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await model.trainOnBatch(x, x);
    times.push(performance.now() - start);
  }
  const engine = await createOnnxEngine();
  const loop = await openLoop(peerModel('seed'), engine);
  await loop.steps(20, BATCH);
  const own = median(await loop.steps(100, BATCH));
  await loop.close();
  await engine.dispose();
  const stock = median(times);
  console.log(
    markdownTable(
      ['onnx', `tfjs ${tf.version.tfjs}, ${tf.getBackend()}`, 'onnx is'],
      [[own.toFixed(1), stock.toFixed(0), ratio(stock / own)]],
    ),
  );
}

/** The seed's autoencoder as tfjs-layers builds it. */
function seed(): tf.LayersModel {
  const { layers } = tf;
  const relu = { kernelSize: 3, activation: 'relu' } as const;
  const model = tf.sequential({
    layers: [
      layers.conv2d({ ...relu, filters: 16, inputShape: [28, 28, 1] }),
      layers.conv2d({ ...relu, filters: 32 }),
      layers.maxPooling2d({ poolSize: 3 }),
      layers.conv2d({ ...relu, filters: 32 }),
      layers.conv2d({ ...relu, filters: 16 }),
      layers.globalMaxPooling2d({}),
      layers.reshape({ targetShape: [4, 4, 1] }),
      layers.conv2dTranspose({ ...relu, filters: 16 }),
      layers.conv2dTranspose({ ...relu, filters: 32 }),
      layers.upSampling2d({ size: [3, 3] }),
      layers.conv2dTranspose({ ...relu, filters: 16 }),
      layers.conv2dTranspose({ ...relu, filters: 1 }),
    ],
  });
  model.compile({ optimizer: 'adam', loss: 'meanSquaredError' });
  return model;
}
