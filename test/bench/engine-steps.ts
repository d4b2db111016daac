import { openData } from '../../main/data/open.ts';
import { createOnnxEngine } from '../../main/engines/onnx/engine.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../shared/program/step.ts';
import { scalar } from '../../shared/program/tensor.ts';
import { seedModels } from '../support/seed.ts';
import { median } from './stats.ts';
import { findTorch, openTorch, type TorchPeer } from './torch-peer.ts';

/** Steps of one round; rounds of the peers alternate, so that a change of the machine's pace meets both. */
const STEPS = 8;
const ROUNDS = 6;

/** Median milliseconds a step of the seed on the onnx engine and, where it is there, on PyTorch. */
export interface StepTimes {
  readonly batch: number;
  readonly onnx: number;
  /** By number of threads; empty without PyTorch. */
  readonly torch: Readonly<Record<number, number>>;
}

/** Times the seed's training step at these batch sizes, engine and peers in turn. */
export async function timeSteps(batches: readonly number[]): Promise<StepTimes[]> {
  const python = findTorch();
  const peers: [number, TorchPeer][] = python
    ? [
        [1, await openTorch(python, 1)],
        [2, await openTorch(python, 2)],
      ]
    : [];
  const results: StepTimes[] = [];
  for (const batch of batches) {
    const engine = await openSeed(batch);
    const times: { onnx: number[]; torch: Record<number, number[]> } = {
      onnx: [],
      torch: { 1: [], 2: [] },
    };
    await engine.steps(3);
    for (const [, peer] of peers) await peer.steps(batch, 3);
    for (let round = 0; round < ROUNDS; round++) {
      times.onnx.push(...(await engine.steps(STEPS)));
      for (const [threads, peer] of peers)
        times.torch[threads]!.push(...(await peer.steps(batch, STEPS)));
    }
    await engine.close();
    results.push({
      batch,
      onnx: median(times.onnx),
      torch: Object.fromEntries(peers.map(([threads]) => [threads, median(times.torch[threads]!)])),
    });
  }
  for (const [, peer] of peers) peer.close();
  return results;
}

/** The bare engine loop over MNIST: no events, no files, the batches made beside the clock. */
export async function openSeed(batch: number) {
  const compiled = compileModel(seedModels, 'autoencoder', {
    optimizer: { class_name: 'Adam', config: {} },
    loss: 'mse',
  });
  const engine = await createOnnxEngine();
  const train = await engine.compile(compiled.train);
  const variables = await engine.variables(initialValues(compiled, 0));
  const { train: digits } = await openData('mnist');
  let at = 0;
  const next = () => {
    at = (at + batch) % (digits.size - batch);
    const { image } = digits.batch(Int32Array.from({ length: batch }, (_, i) => at + i));
    return { img: image!, 'target/0': image!, [LEARNING_RATE]: scalar(compiled.learningRate(0)) };
  };
  return {
    async steps(count: number): Promise<number[]> {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        const feeds = next();
        const start = performance.now();
        await train.run(variables, feeds);
        times.push(performance.now() - start);
      }
      return times;
    },
    async close() {
      variables.dispose();
      await train.dispose();
      await engine.dispose();
    },
  };
}
