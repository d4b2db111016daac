import type { Engine } from '../../main/engines/engine.ts';
import { nodesOf } from '../../shared/program/program.ts';
import {
  compileModel,
  initialValues,
  LEARNING_RATE,
  type CompiledModel,
} from '../../shared/program/step.ts';
import { scalar, sizeOf, tensor, type NamedTensors } from '../../shared/program/tensor.ts';
import { createRandom } from '../../shared/random.ts';
import type { PeerModel } from './peer-models.ts';
import { openMnist } from '../support/mnist.ts';

/** A model in training on an engine, bare: no events, no files, the batches made beside the clock. */
export interface EngineLoop {
  readonly compiled: CompiledModel;
  /** Milliseconds until the training step was compiled, tracing included. */
  readonly compileTime: number;
  /** Milliseconds of each of so many steps. */
  steps(count: number, batch: number): Promise<number[]>;
  close(): Promise<void>;
}

/** Compiles the model's training with Adam and puts its variables on the engine, which stays the caller's. */
export async function openLoop(peer: PeerModel, engine: Engine): Promise<EngineLoop> {
  const started = performance.now();
  const compiled = compileModel(peer.spec, peer.model, {
    optimizer: { class_name: 'Adam', config: {} },
    loss: peer.loss,
  });
  const train = await engine.compile(compiled.train);
  const compileTime = performance.now() - started;
  const variables = await engine.variables(initialValues(compiled, 0));
  const next = peer.digits ? await digits(compiled) : noise(compiled);
  return {
    compiled,
    compileTime,
    async steps(count, batch) {
      const times: number[] = [];
      for (let i = 0; i < count; i++) {
        const feeds = await next(batch);
        const start = performance.now();
        await train.run(variables, feeds);
        times.push(performance.now() - start);
      }
      return times;
    },
    async close() {
      variables.dispose();
      await train.dispose();
    },
  };
}

/** Batches of MNIST, each digit its own target. */
async function digits(compiled: CompiledModel): Promise<(batch: number) => Promise<NamedTensors>> {
  const { training: train } = await openMnist();
  const rate = scalar(compiled.learningRate(0));
  let at = 0;
  return async (batch) => {
    at = (at + batch) % (train.size - batch);
    const { image } = await train.batch(Int32Array.from({ length: batch }, (_, i) => at + i));
    return { img: image!, 'target/0': image!, [LEARNING_RATE]: rate };
  };
}

/** Uniform numbers for every feed, targets too: what a step costs does not depend on them. */
function noise({ train, learningRate }: CompiledModel): (batch: number) => NamedTensors {
  const random = createRandom(0, 'bench');
  const drawn = [...nodesOf(train, 'feed'), ...nodesOf(train, 'random')];
  let [size, feeds] = [0, {} as NamedTensors];
  return (batch) => {
    if (batch === size) return feeds;
    feeds = Object.fromEntries(
      drawn.map(({ attrs }) => {
        const shape = attrs.shape.map((dim) => dim ?? batch);
        const dtype = 'dtype' in attrs ? attrs.dtype : 'float32';
        const count = sizeOf(shape);
        return [
          attrs.name,
          tensor(dtype === 'float32' ? random.uniform(count) : new Int32Array(count), shape, dtype),
        ];
      }),
    );
    feeds[LEARNING_RATE] = scalar(learningRate(0));
    size = batch;
    return feeds;
  };
}
