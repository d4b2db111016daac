import { describe, expect, it } from 'vitest';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createTensorflowEngine } from '../../../main/engines/tensorflow/engine.ts';
import type { JsonObject } from '../../../shared/keras/spec.ts';
import { fromKerasLayer } from '../../../shared/keras/keras-json.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { grad } from '../../../shared/program/grad.ts';
import { nodesOf } from '../../../shared/program/program.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { engineRunner, interpreter, type Runner } from '../../golden/runner.ts';
import { interpret } from '../../reference/interpret.ts';
import {
  goldenTensor,
  readGolden,
  relativeDifference,
  type GoldenTensor,
} from '../../support/goldens.ts';

interface Augmentation {
  readonly class_name: string;
  readonly config: JsonObject;
  /** What the layer draws, in [0, 1), in the order in which Keras draws it. */
  readonly draws: GoldenTensor[];
  readonly output: GoldenTensor;
}

/** Computed by Keras's own transformations, from the same draws. */
const golden = readGolden<{ input: GoldenTensor; cases: Augmentation[] }>('more/augmentation');
const images = goldenTensor(golden.input);

function traced(
  { class_name, config }: Pick<Augmentation, 'class_name' | 'config'>,
  training = true,
) {
  const spec = fromKerasLayer({ class_name, config: { name: 'layer', ...config } });
  const ops = createOps();
  const x = ops.feed('x', [null, 5, 7, 2]);
  const { outputs } = traceModel(spec, spec.models[0]!, { ops, inputs: [x], training });
  const program = ops.program({ y: outputs[0]! });
  const randoms = nodesOf(program, 'random').map(({ attrs }) => attrs);
  return { ops, x, y: outputs[0]!, program, randoms };
}

async function check(runner: Runner, one: Augmentation) {
  const { program, randoms } = traced(one);
  const draws = one.draws.map((draw, i) => [randoms[i]!.name, goldenTensor(draw)] as const);
  const session = await runner.open({});
  const { y } = await session.run(program, { x: images, ...Object.fromEntries(draws) });
  await session.close();
  expect(y!.shape).toEqual(one.output.shape);
  expect(relativeDifference(y!.data, goldenTensor(one.output).data)).toBeLessThan(2e-5);
}

describe('augments as Keras does', () => {
  it.each(golden.cases)('$class_name $config', async (one) => {
    await check(interpreter, one);
  });

  it.each([
    ['onnx', createOnnxEngine],
    ['tensorflow', createTensorflowEngine],
  ])('on %s', async (_, create) => {
    const runner = engineRunner(await create());
    for (const one of golden.cases) await check(runner, one);
    await runner.close();
  });
});

describe('draws', () => {
  it.each(golden.cases)('$class_name: numbers of its own for each image', (one) => {
    const { randoms } = traced(one);
    expect(randoms.map(({ shape }) => shape)).toEqual(one.draws.map(() => [null, 1, 1, 1]));
    for (const { distribution } of randoms)
      expect(distribution).toEqual({ kind: 'uniform', low: 0, high: 1 });
  });

  it.each(golden.cases)('$class_name: nothing outside training', (one) => {
    const { program, randoms } = traced(one, false);
    expect(randoms).toEqual([]);
    expect(interpret(program, {}, { x: images }).outputs['y']!.data).toEqual(images.data);
  });
});

it.each(golden.cases.filter(({ class_name }) => class_name !== 'RandomFlip'))(
  '$class_name passes gradients to the image: $config',
  (one) => {
    const { ops, x, y, randoms } = traced(one);
    const weights = ops.feed('w', [null, 5, 7, 2]);
    const sum = ops.reduceSum(ops.mul(y, weights));
    const program = ops.program({ sum, dx: grad(ops, sum, [x])[0]! });
    const draws = one.draws.map((draw, i) => [randoms[i]!.name, goldenTensor(draw)] as const);
    const w = { ...images, data: images.data.map((value, i) => Math.sin(i) + value) };
    const run = (data: ArrayLike<number>) =>
      interpret(program, {}, { x: { ...images, data }, w, ...Object.fromEntries(draws) }).outputs;
    const { data: dx } = run(images.data)['dx']!;
    for (const at of [0, 17, 101, 209]) {
      const moved = (by: number) =>
        Float64Array.from(images.data, (v, i) => (i === at ? v + by : v));
      const slope = (run(moved(1e-5))['sum']!.data[0]! - run(moved(-1e-5))['sum']!.data[0]!) / 2e-5;
      expect(dx[at]).toBeCloseTo(slope, 5);
    }
  },
);

it.each([
  ['RandomRotation', { factor: 2 }, 'RandomRotation.factor'],
  ['RandomZoom', { height_factor: -1 }, 'RandomZoom.height_factor'],
  ['RandomContrast', { factor: -0.1 }, 'RandomContrast.factor'],
  ['RandomTranslation', { height_factor: 0.1 }, 'RandomTranslation.width_factor'],
  ['RandomFlip', { mode: 'diagonal' }, 'RandomFlip.mode'],
])('%s refuses %o', (class_name, config, place) => {
  expect(() => traced({ class_name, config })).toThrow(place);
});
