import { describe, expect, it } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { pathsByLayer } from '../../../shared/keras/graph.ts';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import {
  parseModelSpec,
  SpecError,
  type CallSpec,
  type Json,
  type LayerSpec,
  type ModelSpec,
} from '../../../shared/keras/spec.ts';
import { layerTree } from '../../../shared/keras/tree.ts';
import { compileModel } from '../../../shared/program/step.ts';
import { traceModel } from '../../../shared/program/trace.ts';

/** Everything that the app computes from a spec before it trains. Throws only SpecErrors. */
function open(data: unknown): ModelSpec {
  const spec = parseModelSpec(data);
  const model = spec.models.at(-1)!;
  pathsByLayer(spec);
  layerTree(spec);
  traceModel(spec, model);
  return spec;
}

function problemOf(run: () => unknown): string {
  const start = performance.now();
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SpecError);
    expect(performance.now() - start).toBeLessThan(20_000);
    return (error as SpecError).message;
  }
  throw new Error('expected an error');
}

const x: LayerSpec = { class_name: 'InputLayer', config: { name: 'x', batch_shape: [null, 4] } };

/** x through one layer. */
const single = (class_name: string, config: object, input: object = {}): unknown => ({
  version: 1,
  models: ['m'],
  layers: {
    x: { ...x, config: { ...x.config, ...input } },
    layer: { class_name, config: { name: 'layer', ...config } },
    m: {
      class_name: 'Functional',
      config: { name: 'm' },
      graph: {
        calls: [
          { layer: 'x', args: [] },
          { layer: 'layer', args: [['x', 0, 0]] },
        ],
        inputs: [['x', 0, 0]],
        outputs: [['layer', 0, 0]],
      },
    },
  },
});

const image = { batch_shape: [null, 8, 8, 3] };
const sequence = { batch_shape: [null, 5, 3] };

describe('a call with more tensors than the layer takes', () => {
  it('is refused, and not computed with the first alone', () => {
    const build = () =>
      compose(({ input, layers, model }) => {
        const both = [input([4], { name: 'x' }), input([4], { name: 'other' })];
        return model(both, layers.dense(2, { name: 'sum' })(both), { name: 'm' });
      });
    expect(problemOf(build)).toContain('sum: Dense: takes 1 input; got 2');
  });
});

describe('a layer that can not be', () => {
  it.each<[string, object, object, string]>([
    ['Dense', { units: NaN }, {}, 'm/layer: Dense.units'],
    ['Dense', { units: 1e308 }, {}, 'm/layer: Dense.units'],
    ['Dense', { units: 2 ** 53 }, {}, 'm/layer: Dense.units'],
    ['Dense', { units: -3 }, {}, 'm/layer: Dense.units'],
    ['Dense', { units: '12' }, {}, 'm/layer: Dense.units'],
    ['Dense', { units: 1e9 }, {}, 'm/layer: Dense: kernel has shape (4, 1000000000)'],
    ['Dense', { units: 4, colour: 'red' }, {}, 'colour'],
    ['Dense', { units: 4, activation: 'constructor' }, {}, 'm/layer: Dense.activation'],
    ['Dense', { units: 4, kernel_initializer: '__proto__' }, {}, '__proto__'],
    ['Dense', { units: 4, activity_regularizer: 'hasOwnProperty' }, {}, 'hasOwnProperty'],
    ['constructor', {}, {}, 'm/layer: unknown layer class constructor'],
    ['__proto__', {}, {}, 'm/layer: unknown layer class __proto__'],
    ['Conv2D', { filters: 4, kernel_size: 9 }, image, 'a window of 9 does not fit into 8'],
    ['Conv2D', { filters: 2 ** 31, kernel_size: 1 }, image, 'm/layer: Conv2D: kernel has shape'],
    ['Conv2D', { filters: 4, kernel_size: [3, 3, 3] }, image, 'm/layer: Conv2D.kernel_size'],
    ['Conv2D', { filters: 4, kernel_size: 3 }, {}, 'expected a batch, 2 spatial axes'],
    ['Conv2D', { filters: 4, kernel_size: 3, groups: 2 }, image, '2 groups must divide 3 channels'],
    ['UpSampling2D', { size: 1e9 }, image, 'm/layer: UpSampling2D: upsample: a tensor of shape'],
    ['UpSampling2D', { size: 1e8, interpolation: 'bilinear' }, image, 'm/layer: UpSampling2D'],
    ['ZeroPadding2D', { padding: 2 ** 40 }, image, 'm/layer: ZeroPadding2D'],
    ['RepeatVector', { n: 2 ** 50 }, {}, 'm/layer: RepeatVector'],
    ['Reshape', { target_shape: [3, -1] }, {}, 'm/layer: Reshape: (4,) does not fill (3, -1)'],
    ['Reshape', { target_shape: [-1, -1] }, {}, 'm/layer: Reshape: target_shape can hold one -1'],
    ['Permute', { dims: [1, 1] }, {}, 'm/layer: Permute'],
    ['Concatenate', { axis: 7 }, {}, 'm/layer: Concatenate'],
    ['Add', {}, {}, 'm/layer: Add: takes at least 2 inputs; got 1'],
    ['LSTM', { units: 4, stateful: true }, sequence, 'm/layer: LSTM.stateful'],
    ['LSTM', { units: 4 }, { batch_shape: [null, 1e6, 3] }, 'a sequence of 1000000 steps'],
    ['TimeDistributed', {}, sequence, 'm/layer: TimeDistributed: expected a layer in "layer"'],
    ['RandomRotation', { factor: 1e308 }, image, 'm/layer: RandomRotation.factor'],
    ['Embedding', { input_dim: 2 ** 40, output_dim: 8 }, {}, 'embeddings has shape'],
    ['BatchNormalization', { axis: 9 }, {}, 'm/layer: BatchNormalization: axis 9'],
    ['Dense', { units: 4 }, { batch_shape: [null, NaN] }, 'batch_shape must list positive sizes'],
    ['Dense', { units: 4 }, { batch_shape: [null, -1] }, 'batch_shape must list positive sizes'],
    ['Dense', { units: 4 }, { batch_shape: [null, 1e308] }, 'at most 2147483647 numbers'],
    ['Dense', { units: 4 }, { batch_shape: 'wide' }, 'batch_shape must list positive sizes'],
    ['Dense', { units: 4 }, { batch_shape: [null, null] }, 'must be known'],
  ])('%s %o behind %o', (class_name, config, input, problem) => {
    expect(problemOf(() => open(single(class_name, config, input)))).toContain(problem);
  });

  it('is refused with a loss or an optimizer that can not be', () => {
    const spec = open(single('Dense', { units: 4 }));
    const compile = (loss: string, class_name: string) => () =>
      compileModel(spec, 'm', { loss, optimizer: { class_name, config: {} } });
    expect(problemOf(compile('toString', 'SGD'))).toContain('unknown loss toString');
    expect(problemOf(compile('mse', '__proto__'))).toContain('__proto__');
  });
});

const chain = (length: number, class_name = 'Activation'): unknown => {
  const layers: Record<string, LayerSpec> = { x };
  const calls: CallSpec[] = [{ layer: 'x', args: [] }];
  for (let i = 0; i < length; i++) {
    layers[`a${i}`] = { class_name, config: { name: `a${i}`, activation: 'linear' } };
    calls.push({ layer: `a${i}`, args: [[i === 0 ? 'x' : `a${i - 1}`, 0, 0]] });
  }
  layers['m'] = {
    class_name: 'Functional',
    config: { name: 'm' },
    graph: { calls, inputs: [['x', 0, 0]], outputs: [[`a${length - 1}`, 0, 0]] },
  };
  return { version: 1, layers, models: ['m'] };
};

/** Each model holds the next one. */
function nested(depth: number): unknown {
  const layers: Record<string, LayerSpec> = { x };
  for (let i = 0; i < depth; i++) {
    const inner = i === 0 ? [] : [{ layer: `m${i - 1}`, args: [['x', 0, 0] as const] }];
    layers[`m${i}`] = {
      class_name: 'Functional',
      config: { name: `m${i}` },
      graph: {
        calls: [{ layer: 'x', args: [] }, ...inner],
        inputs: [['x', 0, 0]],
        outputs: [i === 0 ? ['x', 0, 0] : [`m${i - 1}`, 0, 0]],
      },
    };
  }
  return { version: 1, layers, models: [`m${depth - 1}`] };
}

describe('a spec', () => {
  it('of a hundred thousand layers is read and traced', () => {
    const spec = parseModelSpec(chain(100_000));
    expect(traceModel(spec, 'm').outputs[0]!.shape).toEqual([null, 4]);
  });

  it('of a hundred thousand layers that can not be says so', () => {
    expect(problemOf(() => open(chain(100_000, 'Dense')))).toContain('Dense');
  });

  it('nested a hundred deep is read, a thousand or a hundred thousand deep is not', () => {
    open(nested(100));
    expect(problemOf(() => open(nested(1000)))).toContain('over 200 models inside one another');
    expect(problemOf(() => open(nested(100_000)))).toContain('over 200 models inside one another');
  });

  it('with values nested a hundred thousand deep is refused', () => {
    const deep = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as Json;
    expect(problemOf(() => open(single('Dense', { units: deep })))).toContain('');
    const spec = single('Dense', { units: 4 }) as { layers: { m: { graph: { calls: object[] } } } };
    Object.assign(spec.layers.m.graph.calls[1]!, { kwargs: { mask: deep } });
    expect(problemOf(() => open(spec))).toContain('is nested too deeply');
  });

  it.each([
    ['layers', '{"version":1,"models":["m"],"layers":{"__proto__":{"class_name":"Dense"}}}'],
    ['models', '{"version":1,"models":["__proto__"],"layers":{}}'],
    [
      'a call',
      JSON.stringify(single('Dense', { units: 4 })).replace('"layer":"x"', '"layer":"__proto__"'),
    ],
    [
      'a tensor',
      JSON.stringify(single('Dense', { units: 4 })).replace('[["x",0,0]]', '[["__proto__",0,0]]'),
    ],
    ['a name', JSON.stringify(single('Dense', { units: 4 })).replace('"m"]', '"toString"]')],
  ])('with __proto__ and its like among its %s is refused', (_, json) => {
    problemOf(() => open(JSON.parse(json)));
    expect(({} as Record<string, unknown>)['class_name']).toBeUndefined();
  });

  it('whose wrappers hold one another is refused', () => {
    const layers = {
      x: { class_name: 'InputLayer', config: { name: 'x', batch_shape: [null, 5, 3] } },
      a: { class_name: 'TimeDistributed', config: { name: 'a' }, wraps: { layer: 'b' } },
      b: { class_name: 'TimeDistributed', config: { name: 'b' }, wraps: { layer: 'a' } },
    };
    const spec = single('Dense', {}) as { layers: object };
    const graph = {
      calls: [
        { layer: 'x', args: [] },
        { layer: 'a', args: [['x', 0, 0]] },
      ],
      inputs: [['x', 0, 0]],
      outputs: [['a', 0, 0]],
    };
    spec.layers = { ...layers, m: { class_name: 'Functional', config: { name: 'm' }, graph } };
    expect(problemOf(() => open(spec))).toContain('contains itself');
  });
});

const kerasLayer = (class_name: string, config: object, inbound?: unknown) => ({
  class_name,
  config,
  ...(inbound !== undefined && { inbound_nodes: inbound }),
});

const tensorOf = (layer: string) => ({
  class_name: '__keras_tensor__',
  config: { shape: [null, 4], dtype: 'float32', keras_history: [layer, 0, 0] },
});

/** A Functional as Keras writes it, with one layer behind its input. */
const kerasModel = (layer: object, name = 'layer'): unknown =>
  kerasLayer('Functional', {
    name: 'm',
    layers: [
      kerasLayer('InputLayer', { name: 'x', batch_shape: [null, 4] }, []),
      { ...layer, inbound_nodes: [{ args: [tensorOf('x')], kwargs: {} }] },
    ],
    input_layers: ['x', 0, 0],
    output_layers: [name, 0, 0],
  });

describe("a file in Keras's JSON", () => {
  const read = (json: unknown) => () => open(fromKerasConfig(json));

  it.each<[string, unknown, string]>([
    ['null', null, 'expected {"class_name", "config"}'],
    ['a number', 7, 'expected {"class_name", "config"}'],
    [
      'a layer',
      kerasLayer('Dense', { name: 'd', units: 4 }),
      'expected a model; got a Dense layer',
    ],
    ['a model without layers', kerasLayer('Sequential', { name: 's', layers: [] }), 'needs a list'],
    [
      'a name with a slash',
      kerasModel(kerasLayer('Dense', { name: 'a/b', units: 4 })),
      'without "/"',
    ],
    ['NaN', kerasModel(kerasLayer('Dense', { name: 'layer', units: NaN })), 'm/layer: Dense.units'],
    ['1e308', kerasModel(kerasLayer('Dense', { name: 'layer', units: 1e308 })), 'Dense.units'],
    ['an unknown key', kerasModel(kerasLayer('Dense', { name: 'layer', unts: 4 })), 'Dense'],
    [
      'an unknown class',
      kerasModel(kerasLayer('Quantum', { name: 'layer' })),
      'm/layer: unknown layer class Quantum',
    ],
    [
      'a missing layer',
      kerasModel(kerasLayer('Dense', { name: 'other', units: 4 })),
      'comes from layer, which is not among its layers',
    ],
    [
      'a wrapper around nothing',
      kerasModel(kerasLayer('TimeDistributed', { name: 'layer' })),
      'TimeDistributed needs {"class_name", "config"} in "layer"',
    ],
  ])('that is %s', (_, json, problem) => {
    expect(problemOf(read(json))).toContain(problem);
  });

  it('with __proto__ as a key of a configuration', () => {
    const json = JSON.stringify(
      kerasModel(kerasLayer('Dense', { name: 'layer', units: 4 })),
    ).replace('"units":4', '"units":4,"__proto__":{"polluted":1}');
    expect(problemOf(read(JSON.parse(json)))).toContain('__proto__ is no key');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('with a cycle', () => {
    const back = kerasModel(kerasLayer('Dense', { name: 'layer', units: 4 })) as {
      config: { layers: { inbound_nodes: unknown }[] };
    };
    back.config.layers[1]!.inbound_nodes = [{ args: [tensorOf('layer')], kwargs: {} }];
    expect(problemOf(read(back))).toContain('m: the graph has a cycle through m/layer');
  });

  it('nested a thousand deep, and a hundred thousand deep', () => {
    const deep = (depth: number) => {
      let model: object = kerasLayer('Dense', { name: 'layer', units: 4 });
      for (let i = 0; i < depth; i++)
        model = kerasLayer('Sequential', { name: `s${i}`, layers: [model] });
      return model;
    };
    expect(problemOf(read(deep(1000)))).toContain('over 200 models inside one another');
    expect(problemOf(read(deep(100_000)))).toContain('over 200 models inside one another');
  });

  it('with values nested a hundred thousand deep', () => {
    const value = JSON.parse(`${'['.repeat(100_000)}${']'.repeat(100_000)}`) as Json;
    const layer = kerasLayer('Dense', { name: 'layer', units: 4, kernel_constraint: value });
    expect(problemOf(read(kerasModel(layer)))).toContain('is nested too deeply');
  });

  it('of a hundred thousand layers, all of one name or all marked as shared', () => {
    const many = (more: (i: number) => object) =>
      kerasLayer('Sequential', {
        name: 's',
        build_input_shape: [null, 4],
        layers: Array.from({ length: 100_000 }, (_, i) => ({
          ...kerasLayer('Activation', { name: 'a', activation: 'relu' }),
          ...more(i),
        })),
      });
    expect(problemOf(read(many(() => ({}))))).toContain('two of its layers are named a');
    const shared = fromKerasConfig(many((i) => (i === 0 ? {} : { shared_object_id: i })));
    expect(Object.keys(shared.layers)).toHaveLength(3);
    expect(traceModel(shared, 's').outputs[0]!.shape).toEqual([null, 4]);
  });
});

it('composing what can not be names the layer', () => {
  expect(() =>
    compose(({ input, layers, model }) => {
      const x = input([4]);
      return model(x, layers.dense(1e9, { name: 'd' })(x));
    }),
  ).toThrow(
    'd: Dense: kernel has shape (4, 1000000000); a variable holds at most 2147483647 numbers',
  );
});
