import { expect, it } from 'vitest';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { runProbeStep } from '../../../main/engines/probe-step.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../../shared/program/step.ts';
import { scalar, tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { seedModels } from '../../support/seed.ts';
import { deviceRuntime } from './device-runtime.ts';

const compiled = compileModel(seedModels, 'autoencoder', {
  optimizer: { class_name: 'Adam', config: {} },
  loss: 'mse',
});
const initial = initialValues(compiled, 3);
const parameters = Object.values(initial).reduce((sum, { data }) => sum + data.length, 0);
const batch = 2;
const images = tensor(createRandom(0, 'images').uniform(batch * 784), [batch, 28, 28, 1]);
const feeds: NamedTensors = { img: images, 'target/0': images, [LEARNING_RATE]: scalar(0.001) };
const given = 2 * images.data.length + 1;

it('keeps variables and optimizer slots on the device from step to step', async () => {
  const { runtime, traffic } = deviceRuntime();
  const engine = await createOnnxEngine({ provider: 'webgpu', runtime, threads: 1 });
  expect(engine.device).toMatchObject({ kind: 'gpu', holdsVariables: true });
  const variables = await engine.variables(initial);
  expect(traffic).toMatchObject({ up: parameters, down: 0 });

  const step = await engine.compile(compiled.train);
  const evaluate = await engine.compile(compiled.evaluate);
  const outputs = Object.keys(compiled.train.outputs).length;
  traffic.up = 0;
  const placed = traffic.live;
  for (let i = 1; i <= 3; i++) {
    await step.run(variables, feeds);
    expect(traffic).toMatchObject({ up: i * given, down: i * outputs, live: placed });
  }
  traffic.up = 0;
  await evaluate.run(variables, { img: images, 'target/0': images });
  expect(traffic.up).toBe(given - 1);

  const host = await createOnnxEngine({
    runtime: (await import('onnxruntime-node')).default,
    threads: 1,
    blocks: false,
  });
  const same = await host.variables(initial);
  const sameStep = await host.compile(compiled.train);
  for (let i = 1; i <= 3; i++) await sameStep.run(same, feeds);
  traffic.down = 0;
  expect(await variables.read()).toEqual(await same.read());
  expect(traffic.down).toBe(parameters);
  await host.dispose();

  await step.dispose();
  await evaluate.dispose();
  await engine.dispose();
  expect(traffic).toMatchObject({ live: 0, sessions: 0 });
});

it('a run that fails leaves variables on the device as they were', async () => {
  const { runtime, traffic } = deviceRuntime();
  const engine = await createOnnxEngine({ provider: 'webgpu', runtime, threads: 1 });
  const variables = await engine.variables(initial);
  const step = await engine.compile(compiled.train);
  await step.run(variables, feeds);
  const before = await variables.read();
  const live = traffic.live;
  const wrong = tensor(images.data, [1, 28, 28, 2]);
  await expect(step.run(variables, { ...feeds, img: wrong })).rejects.toThrow(/img/);
  const other = { ...feeds, 'target/0': tensor(new Float32Array(784 * 3), [3, 28, 28, 1]) };
  await expect(step.run(variables, other)).rejects.toThrow(/ONNX Runtime failed while running/);
  expect(await variables.read()).toEqual(before);
  expect(traffic.live).toBe(live);
  await engine.dispose();
});

it('writes, reads and adds variables by name; a wrong shape is refused', async () => {
  const { runtime, traffic } = deviceRuntime();
  const engine = await createOnnxEngine({ provider: 'webgpu', runtime, threads: 1 });
  const variables = await engine.variables({ a: tensor([1, 2], [2]), n: scalar(7, 'int32') });
  await variables.add({ a: tensor([9, 9], [2]), b: scalar(3) });
  await variables.write({ a: tensor([4, 5], [2]) });
  expect(await variables.read(['b', 'a', 'n'])).toEqual({
    a: tensor([4, 5], [2]),
    b: scalar(3),
    n: scalar(7, 'int32'),
  });
  await expect(variables.write({ a: tensor([1], [1]) })).rejects.toThrow(/"a" is float32 \(2,\)/);
  await expect(variables.read(['c'])).rejects.toThrow(/no variable "c"/);
  expect(traffic.live).toBe(3);
  await engine.dispose();
  expect(traffic).toMatchObject({ live: 0, sessions: 0 });
});

it('passes the probe with variables on the device, and without', async () => {
  for (const resident of [true, false]) {
    const { runtime, traffic } = deviceRuntime();
    const engine = await createOnnxEngine({ provider: 'webgpu', runtime, resident });
    expect(engine.device.holdsVariables).toBe(resident);
    await runProbeStep(engine);
    await engine.dispose();
    expect(traffic).toMatchObject({ live: 0, sessions: 0 });
  }
});
