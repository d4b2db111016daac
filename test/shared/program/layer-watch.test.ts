import { expect, test } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { setTrainable } from '../../../shared/keras/trainable.ts';
import { watchLayers } from '../../../shared/program/layer-watch.ts';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';
import { compileRandom, feedsOf, startOf } from '../../support/one-step.ts';

/** Two inputs go through one branch, whose layer `own` is called in the main model once more. */
const spec = compose(({ input, layers, model }) => {
  const x = input([4], { name: 'x' });
  const own = layers.dense(6, { name: 'own', activation: 'relu' });
  const branch = model(x, layers.dense(6, { name: 'second', activation: 'relu' })(own(x)), {
    name: 'branch',
  });
  const [a, b] = [input([4], { name: 'a' }), input([4], { name: 'b' })];
  const joined = layers.concatenate({ name: 'joined' })([branch(a), branch(b), own(a)]);
  return model([a, b], layers.dense(2, { name: 'out' })(joined), { name: 'main' });
});
const optimizer = ['SGD', { learning_rate: 0.5 }] as const;
const compiled = compileRandom(spec, optimizer);
const watch = watchLayers(spec, 'main', {
  optimizer: { class_name: optimizer[0], config: optimizer[1] },
  loss: 'mse',
});

/** The key of a layer's variable. */
const keyOf = (layer: string, name: string) =>
  compiled.variables.find(({ key }) => `/${key}`.endsWith(`/${layer}/${name}`))!.key;

/** Fresh variables; two units of `own` and one of `second` never give more than 0. */
function start(): NamedTensors {
  const variables = startOf(compiled);
  const bias = (layer: string) => variables[keyOf(layer, 'bias')]!.data;
  bias('own').fill(-1000, 0, 2);
  bias('second').fill(-1000, 5);
  return variables;
}

const squares = (a: TensorData, b?: { data: ArrayLike<number> }) =>
  Array.from(a.data).reduce((sum, value, i) => sum + (value - (b?.data[i] ?? 0)) ** 2, 0);

test('each row has the norms of all below it, every variable once, as the step itself makes them', () => {
  const variables = start();
  const feeds = feedsOf(compiled, compiled.train);
  const facts = watch.read(interpret(watch.program, variables, feeds).outputs as never);
  const { updates } = interpret(compiled.train, variables, feeds);
  const expected = (...layers: string[]) => {
    const keys = layers.flatMap((layer) => [keyOf(layer, 'kernel'), keyOf(layer, 'bias')]);
    const sum = (of: (key: string) => number) => Math.sqrt(keys.reduce((s, k) => s + of(k), 0));
    const change = sum((key) => squares(variables[key]!, updates[key]!));
    return { gradient: change / 0.5, update: change / sum((key) => squares(variables[key]!)) };
  };
  const rows = Object.fromEntries(
    watch.layers.map(({ path }, i) => [
      path,
      { gradient: facts.gradients[i]!, update: facts.updates[i]! },
    ]),
  );
  for (const [path, layers] of [
    ['main', ['own', 'second', 'out']],
    ['main/branch', ['own', 'second']],
    ['main/branch/own', ['own']],
    ['main/own', ['own']],
    ['main/out', ['out']],
  ] as const) {
    const { gradient, update } = expected(...layers);
    expect(rows[path]!.gradient / gradient).toBeCloseTo(1, 3);
    expect(rows[path]!.update / update).toBeCloseTo(1, 3);
  }
  expect(rows['main/joined']).toEqual({ gradient: null, update: null });
  expect(Object.keys(interpret(watch.program, variables, feeds).updates)).toEqual([]);
});

test('a unit is dead where it gave 0 for every sample; one of a shared layer counts once', () => {
  const variables = start();
  const feeds = feedsOf(compiled, compiled.train);
  const { dead } = watch.read(interpret(watch.program, variables, feeds).outputs as never);
  const rows = Object.fromEntries(
    watch.layers.map(({ path, units }, i) => [path, [dead[i], units]]),
  );
  expect(rows['main/own']).toEqual([2, 6]);
  const [second] = rows['main/branch/second'] as [number, number];
  expect(second).toBeGreaterThanOrEqual(1);
  expect(rows['main/branch']).toEqual([2 + second, 12]);
  expect(rows['main']).toEqual([2 + second, 12]);
  // Layers without an activation have no units that could die.
  expect(rows['main/out']).toEqual([null, 0]);
  expect(rows['main/joined']).toEqual([null, 0]);
});

test('a frozen layer has no gradient, and what is above it only that of the others', () => {
  const frozen = setTrainable(spec, 'main/own', false);
  const { program, layers, read } = watchLayers(frozen, 'main', {
    optimizer: { class_name: 'SGD', config: { learning_rate: 0.5 } },
    loss: 'mse',
  });
  const facts = read(
    interpret(program, start(), feedsOf(compiled, compiled.train)).outputs as never,
  );
  const at = (path: string) => layers.findIndex((layer) => layer.path === path);
  expect(facts.gradients[at('main/own')]).toBeNull();
  expect(facts.dead[at('main/own')]).toBe(2);
  expect(facts.gradients[at('main/branch')]).toBe(facts.gradients[at('main/branch/second')]);
});
