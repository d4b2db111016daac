import { describe, expect, it } from 'vitest';
import { compose, type Composer } from '../../../shared/keras/compose.ts';
import { composedClasses } from '../../../shared/keras/compose-layers.ts';
import { catalogue } from '../../../shared/keras/layers/catalogue.ts';
import { toSnakeCase } from '../../../shared/keras/names.ts';
import { layerOf, type ModelSpec } from '../../../shared/keras/spec.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';

const mainOf = (spec: ModelSpec) => spec.models.at(-1)!;
const outputsOf = (spec: ModelSpec) => traceModel(spec, mainOf(spec)).outputs.map((x) => x.shape);
const configOf = (spec: ModelSpec, name: string) => {
  const { name: _, ...config } = layerOf(spec, `${mainOf(spec)}/${name}`).config;
  return config;
};

describe('layers', () => {
  it('has a function for every class', () => {
    const classes = [...catalogue.values()]
      .filter(({ operation }) => operation === undefined)
      .map(({ className }) => className);
    expect([...composedClasses.values()].sort()).toEqual(classes.sort());
  });

  it("calls them after Keras's automatic names", () => {
    const camel = (name: string) =>
      name.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    const own: Record<string, string> = { ReLU: 'relu', LeakyReLU: 'leakyRelu', PReLU: 'prelu' };
    for (const [name, className] of composedClasses)
      expect(name).toBe(own[className] ?? camel(toSnakeCase(className)));
  });

  it("takes Keras's positional arguments, all or some, and options after them", () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([8, 8, 3]);
      const a = layers.conv2d(4, 3, 1, 'same', { name: 'a', use_bias: false })(x);
      const b = layers.conv2d(4, [3, 1], { name: 'b', padding: 'same' })(a);
      const c = layers.maxPooling2d({ name: 'c', pool_size: 4 })(b);
      const d = layers.batchNormalization({ name: 'd', momentum: 0.9 })(c);
      return model(x, layers.activation('relu', { name: 'e' })(d), { name: 'm' });
    });
    expect(configOf(spec, 'a')).toEqual({
      filters: 4,
      kernel_size: 3,
      strides: 1,
      padding: 'same',
      use_bias: false,
    });
    expect(configOf(spec, 'b')).toEqual({ filters: 4, kernel_size: [3, 1], padding: 'same' });
    expect(configOf(spec, 'c')).toEqual({ pool_size: 4 });
    expect(outputsOf(spec)).toEqual([[null, 2, 2, 4]]);
  });

  it('refuses arguments that are missing or too many', () => {
    const make = (build: (layers: Composer['layers']) => unknown) => () =>
      compose(({ layers }) => build(layers) as never);
    expect(make(({ dense }) => (dense as () => unknown)())).toThrow(
      'layers.dense: units is missing',
    );
    expect(make(({ flatten }) => (flatten as (n: number) => unknown)(3))).toThrow(
      'layers.flatten: takes 0 arguments',
    );
    expect(make((layers) => layers.timeDistributed(4 as never))).toThrow(
      'time_distributed: TimeDistributed takes a layer as "layer"',
    );
  });
});

describe('calls with more than one tensor', () => {
  it('gives all that a recurrent layer returns, and takes it as an initial state', () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([5, 3], { name: 'x' });
      const y = input([4, 2], { name: 'y' });
      const [, h, c] = layers.lstm(6, { return_state: true, name: 'encode' })(x);
      const decode = layers.lstm(6, { return_sequences: true, name: 'decode' });
      return model([x, y], decode(y, { initial_state: [h!, c!] }), { name: 'm' });
    });
    expect(outputsOf(spec)).toEqual([[null, 4, 6]]);
    const { calls } = spec.layers['m']!.graph!;
    expect(calls.at(-1)!.kwargs).toEqual({
      initial_state: [
        ['m/encode', 0, 1],
        ['m/encode', 0, 2],
      ],
    });
  });

  it('attends to several tensors, with scores when asked', () => {
    const spec = compose(({ input, layers, model }) => {
      const [q, v] = [input([3, 4]), input([5, 4])];
      const mask = input([5], { dtype: 'bool' });
      const many = layers.multiHeadAttention(2, 3);
      const [a, scores] = many(q, v, { value_mask: mask, return_attention_scores: true });
      const b = layers.attention()([q, v], { mask: [null, mask] });
      return model([q, v, mask], [a!, scores!, b], { name: 'm' });
    });
    expect(outputsOf(spec)).toEqual([
      [null, 3, 4],
      [null, 2, 3, 5],
      [null, 3, 4],
    ]);
  });

  it('takes a mask by keyword', () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([5, 3]);
      const mask = input([5], { dtype: 'bool', name: 'mask' });
      return model([x, mask], layers.gru(2)(x, { mask }), { name: 'm' });
    });
    expect(spec.layers['m']!.graph!.calls.at(-1)!.kwargs).toEqual({ mask: ['m/mask', 0, 0] });
  });
});

describe('wrappers', () => {
  it('hold a layer or a model, each with its own place', () => {
    const spec = compose(({ input, layers, model }) => {
      const image = input([8, 8, 1]);
      const eye = layers.globalMaxPooling2d()(layers.conv2d(4, 3)(image));
      const encoder = model(image, eye, { name: 'encoder' });
      const film = input([6, 8, 8, 1], { name: 'film' });
      const seen = layers.timeDistributed(encoder)(film);
      return [encoder, model(film, layers.bidirectional(layers.gru(3))(seen), { name: 'm' })];
    });
    expect(outputsOf(spec)).toEqual([[null, 6]]);
    expect(spec.layers['m/time_distributed']!.wraps).toEqual({ layer: 'encoder' });
    expect(spec.layers['m/bidirectional']!.wraps).toEqual({
      layer: 'm/bidirectional/forward_gru',
      backward_layer: 'm/bidirectional/backward_gru',
    });
    expect(layerOf(spec, 'm/bidirectional/backward_gru').config).toEqual({
      units: 3,
      name: 'backward_gru',
      go_backwards: true,
    });
  });

  it('take a backward layer of their own', () => {
    const spec = compose(({ input, layers, model }) => {
      const x = input([5, 3]);
      const backward_layer = layers.gru(4, { go_backwards: true, name: 'back' });
      const both = layers.bidirectional(layers.lstm(4), 'sum', { backward_layer });
      return model(x, both(x), { name: 'm' });
    });
    expect(outputsOf(spec)).toEqual([[null, 4]]);
  });

  it.each<[string, (composer: Composer) => ReturnType<Composer['model']>, string]>([
    [
      'of directions that are the same',
      ({ input, layers, model }) => {
        const x = input([5, 3]);
        const both = layers.bidirectional(layers.lstm(4), { backward_layer: layers.lstm(4) });
        return model(x, both(x));
      },
      'bidirectional: Bidirectional: its layers must differ in go_backwards',
    ],
    [
      'around what is not recurrent',
      ({ input, layers, model }) => {
        const x = input([5, 3]);
        return model(x, layers.bidirectional(layers.dense(4))(x));
      },
      'bidirectional: Bidirectional: takes a recurrent layer (SimpleRNN, LSTM, GRU); got Dense',
    ],
    [
      'around a layer that the steps do not fit',
      ({ input, layers, model }) => {
        const x = input([5, 3]);
        return model(x, layers.timeDistributed(layers.conv2d(4, 3, { name: 'c' }))(x));
      },
      'time_distributed/c: Conv2D: expected a batch, 2 spatial axes and known channels; got (None, 3)',
    ],
  ])('are refused %s', (_, build, message) => {
    expect(() => compose(build)).toThrow(message);
  });
});

describe('models from tensors in the middle', () => {
  const base = ({ input, layers, model }: Composer) => {
    const x = input([8], { name: 'x' });
    const a = layers.dense(6, { name: 'a' })(x);
    const b = layers.dense(5, { name: 'b' })(a);
    const c = layers.add({ name: 'c' })([b, layers.dense(5, { name: 'side' })(a)]);
    return model(x, layers.dense(1, { name: 'd' })(c), { name: 'base' });
  };
  const params = (spec: ModelSpec, model = mainOf(spec)) =>
    traceModel(spec, model).variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

  it('give the features that a layer of a built model finds', () => {
    const spec = compose((composer) => {
      const built = base(composer);
      const features = [built.getLayer('a').output, built.getLayer('c').output];
      return [built, composer.model(built.inputs, features, { name: 'features' })];
    });
    expect(outputsOf(spec)).toEqual([
      [null, 6],
      [null, 5],
    ]);
    expect(params(spec)).toBe(54 + 35 + 35);
    expect(Object.keys(spec.layers).filter((id) => id.startsWith('features'))).toEqual([
      'features',
    ]);
  });

  it('begin there behind a new input, with the same layers', () => {
    const spec = compose((composer) => {
      const built = base(composer);
      const middle = built.getLayer('a').output;
      return [built, composer.model(middle, built.output, { name: 'rest' })];
    });
    const { graph } = spec.layers['rest']!;
    expect(graph!.calls.map(({ layer }) => layer)).toEqual([
      'rest/input_layer',
      'base/b',
      'base/side',
      'base/c',
      'base/d',
    ]);
    expect(layerOf(spec, 'rest/input_layer').config['batch_shape']).toEqual([null, 6]);
    expect(params(spec)).toBe(35 + 35 + 6);
    expect(params(spec, 'base')).toBe(54 + 35 + 35 + 6);
  });

  it('go on from one', () => {
    const spec = compose((composer) => {
      const { layers, model } = composer;
      const built = base(composer);
      const head = layers.dense(3, { name: 'head' })(built.getLayer('b').output);
      return [built, model(built.inputs, head, { name: 'transfer' })];
    });
    expect(params(spec)).toBe(54 + 35 + 18);
  });

  it('refuse a layer that is not there, and one with several outputs', () => {
    expect(() => compose((composer) => base(composer).getLayer('z') as never)).toThrow(
      'base: has no layer z; it has x, a, b, side, c, d',
    );
    expect(() =>
      compose(({ input, layers }) => {
        const shared = layers.dense(2, { name: 'shared' });
        const x = input([2]);
        shared(shared(x));
        return shared.output as never;
      }),
    ).toThrow('shared: the layer is called 2 times; take what a call gave');
  });

  it('refuse outputs that need an input before it', () => {
    expect(() =>
      compose((composer) => {
        const built = base(composer);
        return composer.model(built.getLayer('b').output, built.output, { name: 'rest' });
      }),
    ).toThrow(
      "rest: graph disconnected: the outputs need rest/x, which is not among the model's inputs",
    );
  });
});
