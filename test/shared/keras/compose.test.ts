import { describe, expect, it } from 'vitest';
import { compose, type Composer } from '../../../shared/keras/compose.ts';
import { pathsByLayer } from '../../../shared/keras/graph.ts';
import { parseModelSpec, type ModelSpec } from '../../../shared/keras/spec.ts';
import { sizeOf } from '../../../shared/program/tensor.ts';
import { traceModel } from '../../../shared/program/trace.ts';
import { seedModels } from '../../support/seed.ts';

const countParams = (spec: ModelSpec, model = spec.models.at(-1)!) =>
  traceModel(spec, model).variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

describe("the seed's models", () => {
  it.each([
    ['encoder', 18_672],
    ['decoder', 9_569],
    ['autoencoder', 28_241],
  ])('%s has %i parameters', (model, params) => {
    expect(countParams(seedModels, model)).toBe(params);
  });

  it('read back from JSON as they were', () => {
    expect(parseModelSpec(JSON.parse(JSON.stringify(seedModels)))).toEqual(seedModels);
  });

  it('are named as Keras counts: over all models, not within one', () => {
    const names = pathsByLayer(seedModels).get('decoder/conv2d_transpose_3');
    expect(names).toEqual(['decoder/conv2d_transpose_3', 'autoencoder/decoder/conv2d_transpose_3']);
  });
});

describe('calling', () => {
  const twice = ({ input, layers, model }: Composer) => {
    const x = input([4], { name: 'x' });
    const branch = model(x, layers.dense(4, { activation: 'relu' })(x), { name: 'branch' });
    const a = input([4], { name: 'a' });
    return { a, branch, model };
  };

  it('a model a second time adds a call and no parameters', () => {
    const once = compose((composer) => {
      const { a, branch, model } = twice(composer);
      return model(a, branch(a), { name: 'outer' });
    });
    const again = compose((composer) => {
      const { a, branch, model } = twice(composer);
      return model(a, branch(branch(a)), { name: 'outer' });
    });
    const callsOf = (spec: ModelSpec) => spec.layers['outer']!.graph!.calls.length;
    expect(countParams(once)).toBe(20);
    expect(countParams(again)).toBe(20);
    expect(callsOf(again)).toBe(callsOf(once) + 1);
  });

  it('one layer in two submodels keeps one set of variables with two paths', () => {
    const spec = compose(({ input, layers, model }) => {
      const shared = layers.dense(3, { name: 'shared' });
      const p = input([3], { name: 'p' });
      const one = model(p, shared(p), { name: 'one' });
      const q = input([3], { name: 'q' });
      const two = model(q, shared(layers.dense(3, { name: 'own' })(q)), { name: 'two' });
      const x = input([3], { name: 'x' });
      return model(x, two(one(x)), { name: 'outer' });
    });
    expect(countParams(spec)).toBe(24);
    expect(pathsByLayer(spec).get('outer/one/shared')).toEqual([
      'outer/one/shared',
      'outer/two/shared',
    ]);
  });

  it('equal names in different submodels stay different layers', () => {
    const spec = compose(({ input, layers, model }) => {
      const part = (name: string) => {
        const x = input([3], { name: 'x' });
        return model(x, layers.dense(3, { name: 'd' })(x), { name });
      };
      const x = input([3], { name: 'x' });
      return model(x, part('left')(part('right')(x)), { name: 'outer' });
    });
    expect(countParams(spec)).toBe(24);
  });

  it('takes several inputs and gives several outputs', () => {
    const spec = compose(({ input, layers, model }) => {
      const a = input([3], { name: 'a' });
      const b = input([5], { name: 'b' });
      const joined = layers.concatenate()([a, b]);
      const split = model([a, b], [layers.dense(2)(joined), layers.dense(7)(joined)], {
        name: 's',
      });
      const u = input([3], { name: 'u' });
      const v = input([5], { name: 'v' });
      const [small, large] = split([u, v]);
      return model([u, v], layers.concatenate()([small!, large!]), { name: 'outer' });
    });
    const { outputs } = traceModel(spec, 'outer');
    expect(outputs.map((x) => x.shape)).toEqual([[null, 9]]);
  });

  it('goes to any depth', () => {
    const spec = compose(({ input, layers, model }) => {
      const start = input([2], { name: 'x' });
      let inner = model(start, layers.dense(2)(start), { name: 'level0' });
      for (let level = 1; level <= 30; level++) {
        const x = input([2], { name: 'x' });
        inner = model(x, inner(x), { name: `level${level}` });
      }
      return inner;
    });
    expect(countParams(spec)).toBe(6);
  });
});

describe('what can not be is refused by name', () => {
  it.each<[string, (composer: Composer) => ReturnType<Composer['model']>, string]>([
    [
      'a wrong rank',
      ({ input, layers, model }) => {
        const x = input([8], { name: 'x' });
        return model(x, layers.conv2d(4, 3, { name: 'c' })(x));
      },
      'c: Conv2D: expected a batch, 2 spatial axes and known channels; got (None, 8)',
    ],
    [
      'an impossible shape',
      ({ input, layers, model }) => {
        const x = input([4, 4, 1]);
        return model(x, layers.conv2d(4, 5, { name: 'c' })(x));
      },
      'c: Conv2D: conv: a window of 5 does not fit into 4',
    ],
    [
      'an unknown key',
      ({ input, layers, model }) => {
        const x = input([4]);
        return model(x, layers.dense(4, { name: 'd', colour: 'red' })(x));
      },
      'd: Dense: Unrecognized key: "colour"',
    ],
    [
      'a missing value',
      ({ input, layer, model }) => {
        const x = input([4]);
        return model(x, layer('Dense', { name: 'd' })(x));
      },
      'd: Dense.units',
    ],
    [
      'an unknown class',
      ({ input, layer, model }) => {
        const x = input([4]);
        return model(x, layer('Quantum', { name: 'q' })(x));
      },
      'q: unknown layer class Quantum',
    ],
    [
      'an input that the model does not declare',
      ({ input, layers, model }) => {
        const a = input([4], { name: 'a' });
        const b = input([4], { name: 'b' });
        return model(a, layers.add()([a, b]), { name: 'm' });
      },
      "m: graph disconnected: the outputs need m/b, which is not among the model's inputs",
    ],
    [
      'a submodel given the wrong shape',
      ({ input, layers, model }) => {
        const a = input([4], { name: 'a' });
        const inner = model(a, layers.dense(4)(a), { name: 'inner' });
        const x = input([5], { name: 'x' });
        return model(x, inner(x), { name: 'outer' });
      },
      'inner: input a expects shape (None, 4); got (None, 5)',
    ],
    [
      'a layer called with another width',
      ({ input, layers, model }) => {
        const shared = layers.dense(4, { name: 'd' });
        const x = input([3], { name: 'x' });
        return model(x, shared(shared(x)), { name: 'm' });
      },
      'm/d: Dense: the layer was built with kernel (3, 4); this call needs (4, 4)',
    ],
    [
      'two layers of one name',
      ({ input, layers, model }) => {
        const x = input([3], { name: 'x' });
        const d = () => layers.dense(3, { name: 'd' });
        return model(x, d()(d()(x)), { name: 'm' });
      },
      'm/d: two different layers have this path',
    ],
  ])('%s', (_, build, message) => {
    expect(() => compose(build)).toThrow(message);
  });
});
