import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import { toKerasConfig } from '../../../shared/keras/keras-json-write.ts';
import { pathsByLayer } from '../../../shared/keras/graph.ts';
import { parseModelSpec, type ModelSpec } from '../../../shared/keras/spec.ts';
import { summarize } from '../../../shared/keras/summary.ts';
import { readGolden } from '../../support/goldens.ts';
import { seedModels } from '../../support/seed.ts';

const summaries = readdirSync(new URL('../../goldens/summaries', import.meta.url))
  .filter((file) => file.endsWith('.model.json'))
  .map((file) => `summaries/${file.replace('.json', '')}`);

interface Entry {
  class_name: string;
  name?: string;
  config: Record<string, unknown> & { name: string; layers?: Entry[]; input_layers?: unknown };
  inbound_nodes?: unknown;
}

const golden = (name: string) => readGolden<Entry>(name);
const layer = (class_name: string, config: object, inbound_nodes: unknown = []) => ({
  class_name,
  name: (config as { name: string }).name,
  config,
  inbound_nodes,
});
const input = (name: string) => layer('InputLayer', { name, batch_shape: [null, 4] });
const dense = (name: string, from: unknown[]) => layer('Dense', { name, units: 4 }, [from]);
const functional = (layers: unknown[], output_layers: unknown, name = 'm') => ({
  class_name: 'Functional',
  config: { name, layers, input_layers: ['x', 0, 0], output_layers },
});
const summary = (spec: ModelSpec) =>
  summarize(spec, spec.models[0]!, { expandNested: true }).rows.map(
    ({ name, depth, shapes, params, connections }) => ({
      name,
      depth,
      shapes,
      params,
      connections,
    }),
  );

describe("Keras's JSON of a model", () => {
  it.each(summaries)('%s: reads, writes and reads the same', (name) => {
    const spec = fromKerasConfig(golden(name));
    expect(parseModelSpec(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
    expect(fromKerasConfig(toKerasConfig(spec, spec.models[0]!))).toEqual(spec);
  });

  // Of a layer in several models Keras writes calls that it can't find again.
  const unshared = summaries.filter((name) => !name.includes('c-sharing'));
  it.each(unshared)('%s: writes the graph that Keras writes', (name) => {
    const original = golden(name);
    const written = toKerasConfig(fromKerasConfig(original), original.config.name);
    const graphOf = ({ class_name, config, name, inbound_nodes }: Entry): unknown => [
      class_name,
      name,
      without(inbound_nodes),
      config['input_layers'],
      config['output_layers'],
      config['build_input_shape'],
      config.layers?.map(graphOf),
    ];
    expect(graphOf(written as unknown as Entry)).toEqual(graphOf(original));
  });

  it('knows a layer that Keras has written before', () => {
    const spec = fromKerasConfig(golden('summaries/c-sharing.model'));
    const shared = [...pathsByLayer(spec).values()].filter((paths) => paths.length > 1);
    expect(shared).toEqual([['sharing/one/shared', 'sharing/two/shared']]);
  });

  it('marks each place of a layer in several models, and counts its calls over all of them', () => {
    const written = toKerasConfig(fromKerasConfig(golden('summaries/c-sharing.model')), 'sharing');
    const marks = JSON.stringify(written).match(/"shared_object_id":"shared_\d+"/g);
    expect(marks).toEqual(['"shared_object_id":"shared_0"', '"shared_object_id":"shared_0"']);
    const calls = JSON.stringify(written).match(/"keras_history":\["shared",\d+,0\]/g);
    expect(calls).toEqual(['"keras_history":["shared",1,0]']);
  });

  it('writes the models of the seed', () => {
    const spec = fromKerasConfig(toKerasConfig(seedModels, 'autoencoder'));
    const { rows, trainable } = summarize(spec, 'autoencoder', { expandNested: true });
    expect(rows).toHaveLength(3 + 7 + 7);
    expect(trainable.count).toBe(28_241);
  });
});

/** Without keyword arguments that say nothing. */
function without(nodes: unknown): unknown {
  return JSON.parse(
    JSON.stringify(nodes ?? null, (_, value: unknown) => (value === null ? undefined : value)) ??
      'null',
  );
}

describe('the JSON of Keras 2', () => {
  const calls = (encoder: unknown[], first: number) =>
    functional(
      [
        input('x'),
        {
          ...functional([input('x'), dense('d', [['x', 0, 0, {}]])], [['d', 0, 0]], 'inner'),
          name: 'inner',
          inbound_nodes: encoder,
        },
        layer('Add', { name: 'sum' }, [
          [
            ['inner', first, 0, {}],
            ['inner', first + 1, 0, {}],
          ],
        ]),
      ],
      [['sum', 0, 0]],
    );
  const twice = [[['x', 0, 0, {}]], [['x', 0, 0, {}]]];

  it('counts the calls of a nested model from 1, or from 0', () => {
    const fromOne = fromKerasConfig(calls(twice, 1));
    expect(fromOne).toEqual(fromKerasConfig(calls(twice, 0)));
    expect(summary(fromOne).at(-1)!.connections).toEqual([
      ['inner', 0, 0],
      ['inner', 1, 0],
    ]);
  });

  it('gives the input shape with the first layer of a Sequential', () => {
    const spec = fromKerasConfig({
      class_name: 'Sequential',
      config: {
        name: 's',
        layers: [
          { class_name: 'Dense', config: { name: 'd', units: 3, batch_input_shape: [null, 5] } },
        ],
      },
    });
    expect(summary(spec)).toMatchObject([{ name: 'd', shapes: [[[null, 3]]], params: 18 }]);
  });
});

describe('a wrong file', () => {
  const wrong: [string, unknown, RegExp][] = [
    ['no object', [], /^model: expected \{"class_name", "config"\}/],
    ['a layer', layer('Dense', { name: 'd', units: 1 }), /^d: expected a model; got a Dense layer/],
    ['a missing source', functional([input('x'), dense('d', [['y', 0, 0]])], ['d', 0, 0]), /^m: a tensor comes from y/],
    ['a call too many', functional([input('x'), dense('d', [['x', 0, 0]])], ['d', 1, 0]), /^m: takes call 1 of m\/d, which is called 1 times/],
    ['a name twice', functional([input('x'), input('x')], ['x', 0, 0]), /^m: two of its layers are named x/],
    ['no outputs', functional([input('x')], []), /^m: the model has no outputs/],
    ['a strange node', functional([input('x'), { ...dense('d', []), inbound_nodes: [3] }], ['d', 0, 0]), /^m\/d: an entry of inbound_nodes/],
    ['an input without a shape', functional([layer('InputLayer', { name: 'x' })], ['x', 0, 0]), /^m\/x: an InputLayer needs a batch_shape/],
  ]; // prettier-ignore

  it.each(wrong)('says what is wrong: %s', (_, json, message) => {
    expect(() => fromKerasConfig(json)).toThrow(message);
  });

  it('ends when it nests without end', () => {
    let json: object = layer('Dense', { name: 'd', units: 1 });
    for (let i = 0; i < 500; i++)
      json = { class_name: 'Sequential', config: { name: `s${i}`, layers: [json] } };
    expect(() => fromKerasConfig(json)).toThrow('over 200 models inside one another');
  });
});
