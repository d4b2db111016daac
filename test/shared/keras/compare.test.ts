import { expect, test } from 'vitest';
import { compareModels, comparedRows, differs } from '../../../shared/keras/compare.ts';
import { compose, type Composer } from '../../../shared/keras/compose.ts';
import { layerAt } from '../../../shared/keras/graph.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { weightDistances } from '../../../shared/keras/weight-distance.ts';
import { tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';

interface Variation {
  readonly filters?: number;
  readonly dropout?: boolean;
  readonly initializer?: string;
  readonly reversed?: boolean;
}

/** An encoder in a model, with what is varied between the models of the tests. */
function net({ input, layers, model }: Composer, variation: Variation = {}) {
  const { filters = 4, dropout, initializer = 'glorot_uniform', reversed } = variation;
  const image = input([8, 8, 1], { name: 'image' });
  let x = layers.conv2d(4, 3, { name: 'first', kernel_initializer: initializer })(image);
  if (dropout) x = layers.dropout(0.1, { name: 'dropout' })(x);
  x = layers.conv2d(filters, 3, { name: 'second' })(x);
  const encoder = model(image, layers.globalMaxPooling2d({ name: 'pool' })(x), { name: 'encoder' });
  const picture = input([8, 8, 1], { name: 'picture' });
  const code = encoder(picture);
  const [a, b] = [layers.dense(2, { name: 'a' })(code), layers.dense(2, { name: 'b' })(code)];
  const ends = reversed ? [b, a] : [a, b];
  return model(picture, layers.concatenate({ name: 'join' })(ends), { name: 'net' });
}

const made = (variation?: Variation): ModelSpec => compose((composer) => net(composer, variation));
const side = (spec: ModelSpec, path = 'net') => ({ spec, model: layerAt(spec, path) });
const rows = (...specs: ModelSpec[]) =>
  comparedRows(compareModels(specs.map((spec) => side(spec))));
const found = (...specs: ModelSpec[]) =>
  Object.fromEntries(
    rows(...specs)
      .filter(differs)
      .map(({ path, standing, changes }) => [path, [standing.at(-1), changes]]),
  );

test('equal models have the same rows in order and nothing that differs', () => {
  expect(found(made(), made())).toEqual({});
  expect(rows(made(), made()).map(({ path }) => path)).toEqual([
    'net',
    'net/picture',
    'net/encoder',
    'net/encoder/image',
    'net/encoder/first',
    'net/encoder/second',
    'net/encoder/pool',
    'net/a',
    'net/b',
    'net/join',
  ]);
});

test('a configuration is compared with its defaults, Keras objects by either form of their name', () => {
  const spelled = made({ initializer: 'GlorotUniform' });
  expect(found(made(), spelled)).toEqual({});
  expect(found(made(), made({ initializer: 'he_normal' }))).toEqual({
    'net/encoder/first': [
      'changed',
      [{ key: 'kernel_initializer', values: ['glorot_uniform', 'he_normal'] }],
    ],
  });
});

test('what changed is told where it changed, and what follows from it by its parameters', () => {
  const difference = found(made(), made({ filters: 6 }));
  expect(Object.keys(difference)).toEqual(['net/encoder/second', 'net/a', 'net/b']);
  expect(difference['net/encoder/second']).toEqual([
    'changed',
    [
      { key: 'filters', values: [4, 6] },
      { key: 'params', values: [148, 222] },
    ],
  ]);
  expect(difference['net/a']).toEqual(['changed', [{ key: 'params', values: [10, 14] }]]);
});

test('a layer that was put in between is added, in its place, and changes no other', () => {
  const [plain, dropping] = [made(), made({ dropout: true })];
  expect(found(plain, dropping)).toEqual({ 'net/encoder/dropout': ['added', []] });
  expect(found(dropping, plain)).toEqual({ 'net/encoder/dropout': ['removed', []] });
  const order = rows(plain, dropping).map(({ name }) => name);
  expect(order.indexOf('dropout')).toBe(order.indexOf('first') + 1);
});

test('other connections between the same layers are a change', () => {
  expect(found(made(), made({ reversed: true }))).toEqual({
    'net/join': ['changed', [{ key: 'inputs', values: [['[a, b]'], ['[b, a]']] }]],
  });
});

test('of three models each is set beside the first', () => {
  const [a, b, c] = [made(), made({ dropout: true, filters: 6 }), made({ filters: 6 })];
  const by = new Map(rows(a, b, c).map((row) => [row.path, row.standing]));
  expect(by.get('net/encoder/dropout')).toEqual(['absent', 'added', 'absent']);
  expect(by.get('net/encoder/second')).toEqual(['same', 'changed', 'changed']);
  expect(by.get('net/encoder/first')).toEqual(['same', 'same', 'same']);
});

test('a layer that is shared in one model and not in the other differs, those inside it do not', () => {
  const towers = (shared: boolean) =>
    compose(({ input, layers, model }) => {
      const tower = (name: string) => {
        const x = input([4], { name: 'x' });
        return model(x, layers.dense(4, { name: 'inner' })(x), { name });
      };
      const one = tower('tower');
      const [p, q] = [input([4], { name: 'p' }), input([4], { name: 'q' })];
      const left = model(p, one(p), { name: 'left' });
      const right = model(q, (shared ? one : tower('tower'))(q), { name: 'right' });
      const z = input([4], { name: 'z' });
      return model(z, layers.add({ name: 'sum' })([left(z), right(z)]), { name: 'net' });
    });
  const difference = found(towers(true), towers(false));
  expect(difference).toEqual({
    'net/left/tower': ['changed', [{ key: 'shared_with', values: [['right/tower'], undefined] }]],
    'net/right/tower': ['changed', [{ key: 'shared_with', values: [['left/tower'], undefined] }]],
  });
});

test('models of other names are laid upon one another', () => {
  const inner = compareModels([side(made()), side(made(), 'net/encoder')]);
  expect([inner.path, inner.nodes[1]!.name]).toEqual(['net', 'encoder']);
  expect(inner.children!.find(({ name }) => name === 'a')!.standing).toEqual(['same', 'removed']);
  expect(inner.children!.find(({ name }) => name === 'first')!.standing).toEqual([
    'absent',
    'added',
  ]);
});

test('distances of weights are exact, count a shared variable once, and leave out other shapes', () => {
  const shared = compose(({ input, layers, model }) => {
    const x = input([1], { name: 'x' });
    const tower = model(x, layers.dense(1, { name: 'inner', use_bias: false })(x), {
      name: 'tower',
    });
    const z = input([1], { name: 'z' });
    const [left, right] = [
      model(z, tower(z), { name: 'left' }),
      model(z, tower(z), { name: 'right' }),
    ];
    const sum = layers.add({ name: 'sum' })([left(z), right(z)]);
    return model(z, layers.dense(2, { name: 'out', use_bias: false })(sum), { name: 'net' });
  });
  const values = (inner: number[], out: number[]): NamedTensors =>
    Object.fromEntries(
      traceModel(shared, layerAt(shared, 'net')).variables.map(({ key, shape }) => [
        key,
        tensor(key.includes('inner') ? inner : out, shape),
      ]),
    );
  const a = { ...side(shared), variables: values([3], [4, 0]) };
  const b = { ...side(shared), variables: values([6], [4, 4]) };
  const told = weightDistances(a, b);
  expect(told.get('left/tower/inner')).toEqual({ distance: 3, relative: 1, params: 1 });
  expect(told.get('right')).toEqual({ distance: 3, relative: 1, params: 1 });
  expect(told.get('out')).toEqual({ distance: 4, relative: 1, params: 2 });
  expect(told.get('')).toEqual({ distance: 5, relative: 1, params: 3 });
  expect(told.has('sum')).toBe(false);
  expect([...weightDistances(a, a).values()].every(({ distance }) => distance === 0)).toBe(true);

  const wider = made({ filters: 6 });
  const all = (spec: ModelSpec) => ({
    ...side(spec),
    variables: Object.fromEntries(
      traceModel(spec, layerAt(spec, 'net')).variables.map(({ key, shape }) => [
        key,
        tensor(new Float32Array(shape.reduce((x, y) => x * y, 1)).fill(1), shape),
      ]),
    ),
  });
  const other = weightDistances(all(made()), all(wider));
  expect(other.has('encoder/second')).toBe(false);
  expect(other.get('encoder/first')).toEqual({ distance: 0, relative: 0, params: 40 });
});
