import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as ort from 'onnxruntime-node';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import type { OnnxRuntime } from '../../../main/engines/onnx/session.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../../shared/program/step.ts';
import { scalar, tensor } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { compose } from '../../../shared/keras/compose.ts';

let cache: string;
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), 'onnx-cache-'));
});
afterAll(() => rm(cache, { recursive: true }));

/** A recurrence of 20 steps, large enough as a graph to be kept. */
const spec = compose(({ input, layer, model }) => {
  const x = input([20, 4], { name: 'x' });
  return [model(x, layer('LSTM', { units: 8 })(x), { name: 'lstm' })];
});
const compiled = compileModel(spec, 'lstm', {
  optimizer: { class_name: 'Adam', config: {} },
  loss: 'mse',
});

/** ONNX Runtime, noting how it was asked to make sessions. */
function noting() {
  const levels: unknown[] = [];
  const create = (model: Uint8Array, options: ort.InferenceSession.SessionOptions) => {
    if (options.intraOpNumThreads) levels.push(options.graphOptimizationLevel);
    return ort.InferenceSession.create(model, options);
  };
  const { Tensor, env, listSupportedBackends } = ort;
  const runtime = { InferenceSession: { create }, Tensor, env, listSupportedBackends };
  return { runtime: runtime as unknown as OnnxRuntime, levels };
}

async function twoSteps(folder?: string) {
  const { runtime, levels } = noting();
  const engine = await createOnnxEngine({ threads: 1, runtime, ...(folder && { cache: folder }) });
  const step = await engine.compile(compiled.train);
  const variables = await engine.variables(initialValues(compiled, 1));
  const random = createRandom(0, 'x');
  const losses: number[] = [];
  for (const batch of [3, 5]) {
    const x = tensor(random.uniform(batch * 80), [batch, 20, 4]);
    const target = tensor(random.uniform(batch * 8), [batch, 8]);
    const feeds = { x, 'target/0': target, [LEARNING_RATE]: scalar(0.01) };
    losses.push((await step.run(variables, feeds))['loss']!.data[0]!);
  }
  const values = await variables.read();
  await engine.dispose();
  return { losses, values, levels };
}

it('a large graph is kept as it was optimized, and computes the same to the bit', async () => {
  const without = await twoSteps();
  const first = await twoSteps(cache);
  expect(await readdir(cache)).toHaveLength(1);
  const second = await twoSteps(cache);
  expect([first.levels, second.levels]).toEqual([['all'], ['disabled']]);
  for (const { losses, values } of [first, second]) {
    expect(losses).toEqual(without.losses);
    expect(values).toEqual(without.values);
  }
  expect(await readdir(cache)).toHaveLength(1);
});

it('a damaged entry, or one that ONNX Runtime refuses, is made anew', async () => {
  await twoSteps(cache);
  const [name] = await readdir(cache);
  const { openCache } = await import('../../../main/engines/content-cache.ts');
  await writeFile(join(cache, name!), 'damaged');
  expect((await twoSteps(cache)).levels).toEqual(['all']);
  await openCache(cache).write(name!, new TextEncoder().encode('whole, but no model'));
  expect((await twoSteps(cache)).levels).toEqual(['disabled', 'all']);
  expect((await twoSteps(cache)).levels).toEqual(['disabled']);
});

it('a small graph is not kept', async () => {
  const engine = await createOnnxEngine({ threads: 1, cache: join(cache, 'small') });
  await engine.compile(compiled.predict);
  await engine.dispose();
  expect(await readdir(cache)).not.toContain('small');
});
