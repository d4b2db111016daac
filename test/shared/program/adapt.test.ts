import { expect, test } from 'vitest';
import { compose, type Composer, type ModelFunction } from '../../../shared/keras/compose.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { nextAdaptRound } from '../../../shared/program/adapt.ts';
import { compileModel, initialValues } from '../../../shared/program/step.ts';
import { tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';

const build = (make: (composer: Composer) => ModelFunction) => compose(make);

/** Adapts a model over batches, pass by pass; the variables at the end, and the layers of each pass. */
function adapt(spec: ModelSpec, batches: readonly NamedTensors[]) {
  const model = spec.models.at(-1)!;
  const settings = { optimizer: { class_name: 'SGD', config: {} }, loss: 'mse' };
  const values = initialValues(compileModel(spec, model, settings), 1);
  const passes: string[][] = [];
  const done = new Set<string>();
  for (;;) {
    const round = nextAdaptRound(spec, model, done);
    if (!round) return { values, passes };
    for (const feeds of batches)
      round.take(interpret(round.program, values, feeds).outputs as unknown as NamedTensors);
    Object.assign(values, round.variables());
    passes.push([...round.layers]);
    round.layers.forEach((layer) => done.add(layer));
  }
}

const samples = (count: number, size: number) =>
  Array.from({ length: count * size }, (_, i) => Math.sin(i * 1.7) * (1 + (i % size)) + (i % size));

/** Mean and variance of each column. */
function moments(data: readonly number[], columns: number) {
  const column = (at: number) => data.filter((_, i) => i % columns === at);
  const mean = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
  return Array.from({ length: columns }, (_, at) => {
    const values = column(at);
    const middle = mean(values);
    return { mean: middle, variance: mean(values.map((value) => (value - middle) ** 2)) };
  });
}

function expectClose(values: ArrayLike<number>, expected: readonly number[]) {
  expect(values.length).toBe(expected.length);
  expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 5));
}

test('mean and variance are those of all batches, a short last one included', () => {
  const spec = build(({ input, layers, model }) => {
    const x = input([3], { name: 'x' });
    return model(x, layers.dense(1)(layers.normalization({ name: 'norm' })(x)), { name: 'm' });
  });
  const data = samples(7, 3);
  const batches = [data.slice(0, 12), data.slice(12)].map((part) => ({
    x: tensor(part, [part.length / 3, 3]),
  }));
  const { values, passes } = adapt(spec, batches);
  expect(passes).toEqual([['m/norm']]);
  const expected = moments(data, 3);
  expectClose(
    values['m/norm/mean']!.data,
    expected.map(({ mean }) => mean),
  );
  expectClose(
    values['m/norm/variance']!.data,
    expected.map(({ variance }) => variance),
  );
  expect([...values['m/norm/count']!.data]).toEqual([0]);
});

test('a layer inside a submodel learns from what it gets there, after the one before it', () => {
  const spec = build(({ input, layers, model }) => {
    const y = input([2], { name: 'y' });
    const scaled = layers.rescaling(10)(y);
    const inner = model(y, layers.normalization({ name: 'second' })(scaled), { name: 'inner' });
    const x = input([2], { name: 'x' });
    const first = layers.normalization({ axis: null, name: 'first' })(x);
    const given = layers.normalization({ mean: 1, variance: 2, name: 'given' })(first);
    return model(x, layers.dense(1)(inner(given)), { name: 'm' });
  });
  const data = samples(6, 2);
  const { values, passes } = adapt(spec, [{ x: tensor(data, [6, 2]) }]);
  expect(passes).toEqual([['m/first'], ['m/inner/second']]);
  const [all] = moments(data, 1);
  expectClose(values['m/first/mean']!.data, [all!.mean]);
  const deviation = Math.sqrt(all!.variance);
  const inner = data.map((value) => (((value - all!.mean) / deviation - 1) / Math.SQRT2) * 10);
  const expected = moments(inner, 2);
  expectClose(
    values['m/inner/second/mean']!.data,
    expected.map(({ mean }) => mean),
  );
  expectClose(
    values['m/inner/second/variance']!.data.map((value) => value / 100),
    expected.map(({ variance }) => variance / 100),
  );
});

test('a layer that is called twice learns from both, and not from what it makes itself', () => {
  const spec = build(({ input, layers, model }) => {
    const [a, b] = [input([2], { name: 'a' }), input([2], { name: 'b' })];
    const norm = layers.normalization({ name: 'norm' });
    const twice = norm(norm(a));
    return model([a, b], layers.dense(1)(layers.add()([twice, norm(b)])), { name: 'm' });
  });
  const [a, b] = [samples(4, 2), samples(3, 2).map((value) => value + 5)];
  const { values } = adapt(spec, [{ a: tensor(a, [4, 2]), b: tensor(b, [3, 2]) }]);
  const expected = moments([...a, ...b], 2);
  expectClose(
    values['m/norm/mean']!.data,
    expected.map(({ mean }) => mean),
  );
});

test('kept axes in the middle, and steps inside TimeDistributed', () => {
  const spec = build(({ input, layers, model }) => {
    const x = input([2, 3], { name: 'x' });
    const middle = layers.normalization({ axis: [1], name: 'middle' })(x);
    const each = layers.timeDistributed(layers.normalization({ name: 'each' }), { name: 'steps' });
    return model(x, layers.dense(1)(layers.add()([each(x), middle])), { name: 'm' });
  });
  const data = samples(4, 6);
  const { values, passes } = adapt(spec, [{ x: tensor(data, [4, 2, 3]) }]);
  expect(passes).toHaveLength(1);
  const steps = data.map(
    (_, i) => data[(Math.floor(i / 2) % 3) + 3 * (i % 2) + 6 * Math.floor(i / 6)]!,
  );
  expectClose(
    values['m/middle/mean']!.data,
    moments(steps, 2).map(({ mean }) => mean),
  );
  expectClose(
    values['m/steps/each/variance']!.data,
    moments(data, 3).map(({ variance }) => variance),
  );
});
