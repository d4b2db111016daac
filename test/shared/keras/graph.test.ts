import { describe, expect, it } from 'vitest';
import { layerAt, orderGraph, placesOf } from '../../../shared/keras/graph.ts';
import {
  parseModelSpec,
  type CallSpec,
  type LayerSpec,
  type ModelSpec,
} from '../../../shared/keras/spec.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { seedModels } from '../../support/seed.ts';

const start: LayerSpec = {
  class_name: 'InputLayer',
  config: { name: 'x', batch_shape: [null, 2] },
};
const identity = (name: string): LayerSpec => ({
  class_name: 'Activation',
  config: { name, activation: 'linear' },
});

function chain(length: number): ModelSpec {
  const layers: Record<string, LayerSpec> = { x: start };
  const calls: CallSpec[] = [{ layer: 'x', args: [] }];
  for (let i = 0; i < length; i++) {
    layers[`a${i}`] = identity(`a${i}`);
    calls.push({ layer: `a${i}`, args: [[i === 0 ? 'x' : `a${i - 1}`, 0, 0]] });
  }
  layers['m'] = {
    class_name: 'Functional',
    config: { name: 'm' },
    graph: { calls, inputs: [['x', 0, 0]], outputs: [[`a${length - 1}`, 0, 0]] },
  };
  return { version: 1, layers, models: ['m'] };
}

function single(calls: CallSpec[], output: string, extra: Record<string, LayerSpec>): ModelSpec {
  const graph = { calls, inputs: [['x', 0, 0] as const], outputs: [[output, 0, 0] as const] };
  const model: LayerSpec = { class_name: 'Functional', config: { name: 'm' }, graph };
  return { version: 1, layers: { x: start, ...extra, m: model }, models: ['m'] };
}

describe('order', () => {
  it("lists the seed's layers as Keras does", () => {
    const { graph } = seedModels.layers['autoencoder']!;
    expect(orderGraph(seedModels, graph!, 'autoencoder').layers).toEqual([
      'autoencoder/img',
      'encoder',
      'decoder',
    ]);
  });

  it('takes a hundred thousand layers', () => {
    const spec = chain(100_000);
    expect(traceModel(spec, 'm').outputs[0]!.shape).toEqual([null, 2]);
  });
});

describe('hostile specs end in an error that names the place', () => {
  it('a cycle', () => {
    const calls: CallSpec[] = [
      { layer: 'x', args: [] },
      { layer: 'a', args: [['b', 0, 0]] },
      { layer: 'b', args: [['a', 0, 0]] },
    ];
    const spec = single(calls, 'b', { a: identity('a'), b: identity('b') });
    expect(() => traceModel(spec, 'm')).toThrow('m: the graph has a cycle through b');
  });

  it('a missing layer', () => {
    const calls: CallSpec[] = [
      { layer: 'x', args: [] },
      { layer: 'gone', args: [['x', 0, 0]] },
    ];
    expect(() => traceModel(single(calls, 'gone', {}), 'm')).toThrow(
      'gone: there is no layer with this id',
    );
  });

  it('a tensor from nowhere', () => {
    const calls: CallSpec[] = [
      { layer: 'x', args: [] },
      { layer: 'a', args: [['x', 7, 0]] },
    ];
    expect(() => traceModel(single(calls, 'a', { a: identity('a') }), 'm')).toThrow(
      'm: a tensor comes from call 7 of x, which is not in this model',
    );
  });

  it('a model that contains itself', () => {
    const calls: CallSpec[] = [
      { layer: 'x', args: [] },
      { layer: 'm', args: [['x', 0, 0]] },
    ];
    expect(() => traceModel(single(calls, 'm', {}), 'm')).toThrow('m/m: the model contains itself');
    expect(() => placesOf(single(calls, 'm', {}))).toThrow('m/m: the model contains itself');
  });

  it('a model that doubles at forty levels', () => {
    let spec = single(
      [
        { layer: 'x', args: [] },
        { layer: 'a', args: [['x', 0, 0]] },
      ],
      'a',
      { a: identity('a') },
    );
    for (let level = 0; level < 40; level++) {
      const inner = spec.models[0]!;
      const id = `m${level}`;
      const graph = {
        calls: [
          { layer: 'x', args: [] },
          { layer: inner, args: [['x', 0, 0] as const] },
          { layer: inner, args: [[inner, 0, 0] as const] },
        ],
        inputs: [['x', 0, 0] as const],
        outputs: [[inner, 1, 0] as const],
      };
      const model: LayerSpec = { class_name: 'Functional', config: { name: id }, graph };
      spec = { version: 1, layers: { ...spec.layers, [id]: model }, models: [id] };
    }
    expect(() => traceModel(spec, 'm39')).toThrow('the model makes over 500000 calls');
  });

  it.each([
    ['no models', { version: 1, layers: {}, models: [] }, 'models'],
    ['another version', { version: 9, layers: {}, models: ['m'] }, 'version'],
    [
      '__proto__',
      JSON.parse('{"version":1,"layers":{"__proto__":{}},"models":["__proto__"]}'),
      'models/0',
    ],
    [
      'NaN as a call',
      {
        ...chain(1),
        layers: {
          m: {
            class_name: 'F',
            config: { name: 'm' },
            graph: { calls: [], inputs: [['x', NaN, 0]], outputs: [] },
          },
        },
      },
      'layers/m/graph/inputs/0/1',
    ],
  ])('%s', (_, data, place) => {
    expect(() => parseModelSpec(data)).toThrow(place);
  });
});

describe('paths', () => {
  it('finds a layer in a nested model', () => {
    expect(layerAt(seedModels, 'autoencoder/encoder/conv2d_2')).toBe('encoder/conv2d_2');
  });

  it('says what is there instead', () => {
    expect(() => layerAt(seedModels, 'autoencoder/coder')).toThrow(
      'autoencoder/coder: autoencoder has no coder; it has img, encoder, decoder',
    );
  });
});
