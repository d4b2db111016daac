import { describe, expect, it } from 'vitest';
import { compose, type Composer } from '../../../shared/keras/compose.ts';
import { fromKerasConfig } from '../../../shared/keras/keras-json.ts';
import { toKerasConfig } from '../../../shared/keras/keras-json-write.ts';
import { pathsByLayer } from '../../../shared/keras/graph.ts';
import { parseModelSpec, type Json, type ModelSpec } from '../../../shared/keras/spec.ts';
import {
  compileModel,
  initialValues,
  LEARNING_RATE,
  type CompiledModel,
} from '../../../shared/program/step.ts';
import { scalar, sizeOf, tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';

const SGD = { class_name: 'SGD', config: { learning_rate: 0.1 } };

const compiled = (spec: ModelSpec, loss: Json = 'mse') =>
  compileModel(spec, spec.models.at(-1)!, { optimizer: SGD, loss: loss as never });

const params = ({ variables }: CompiledModel) =>
  variables.reduce((sum, { shape }) => sum + sizeOf(shape), 0);

/** One step on a single number that goes in and one that should come out. */
function step(model: CompiledModel, start: NamedTensors, x: number, y: number) {
  const feeds: NamedTensors = { [LEARNING_RATE]: scalar(0.1) };
  for (const name of model.inputs) feeds[name] = tensor([x], [1, 1]);
  for (const { name } of model.targets) feeds[name] = tensor([y], [1, 1]);
  return interpret(model.train, start, feeds);
}

const weights = (model: CompiledModel, value: number): NamedTensors => ({
  ...initialValues(model, 0),
  ...Object.fromEntries(
    model.variables.map(({ key, shape }) => [
      key,
      tensor(Array<number>(sizeOf(shape)).fill(value), shape),
    ]),
  ),
});

const plain = { use_bias: false };

/** A layer that sits in two different submodels, called by both at once. */
const inTwoSubmodels = ({ input, layers, model }: Composer) => {
  const shared = layers.dense(1, { name: 'shared', ...plain });
  const part = (name: string) => {
    const x = input([1]);
    return model(x, shared(x), { name });
  };
  const [one, two] = [part('one'), part('two')];
  const x = input([1]);
  return model(x, layers.add()([one(x), two(x)]), { name: 'outer' });
};

describe('one update a step', () => {
  it('of a layer in two submodels: 0.65, where two updates would give 0.80', () => {
    const model = compiled(compose(inTwoSubmodels));
    expect(params(model)).toBe(1);
    const { updates } = step(model, weights(model, 0.5), 0.5, 1.25);
    expect(updates['outer/one/shared/kernel']!.data[0]).toBeCloseTo(0.65, 7);
  });

  it.each<[string, (composer: Composer) => ReturnType<Composer['model']>]>([
    [
      'of a layer that is called twice',
      ({ input, layers, model }) => {
        const shared = layers.dense(1, plain);
        const x = input([1]);
        return model(x, layers.add()([shared(x), shared(x)]));
      },
    ],
    [
      'of a model that is called twice',
      ({ input, layers, model }) => {
        const x = input([1]);
        const part = model(x, layers.dense(1, plain)(x));
        const y = input([1]);
        return model(y, layers.add()([part(y), part(y)]));
      },
    ],
    [
      'of a model that stands in two others',
      ({ input, layers, model, sequential }) => {
        const core = sequential([input([1]), layers.dense(1, plain)]);
        const around = (name: string) => {
          const x = input([1]);
          return model(x, core(x), { name });
        };
        const [a, b] = [around('a'), around('b')];
        const x = input([1]);
        return model(x, layers.add()([a(x), b(x)]));
      },
    ],
    [
      'of a layer beside a model that holds it',
      ({ input, layers, model }) => {
        const shared = layers.dense(1, plain);
        const x = input([1]);
        const part = model(x, shared(x));
        const y = input([1]);
        return model(y, layers.add()([part(y), shared(y)]));
      },
    ],
    [
      'of a layer inside a wrapper and outside',
      ({ input, layers, model }) => {
        const shared = layers.dense(1, plain);
        const x = input([1]);
        const steps = layers.timeDistributed(shared)(layers.reshape([1, 1])(x));
        return model(x, layers.add()([shared(x), layers.flatten()(steps)]));
      },
    ],
  ])('%s', (_, build) => {
    const model = compiled(compose(build));
    expect(params(model)).toBe(1);
    const { updates } = step(model, weights(model, 0.5), 0.5, 1.25);
    expect(updates[model.variables[0]!.key]!.data[0]).toBeCloseTo(0.65, 7);
  });

  it('of each part of its own in an ensemble, beside one that is called three times', () => {
    const blueprint = ({ input, layers, model }: Composer, name: string) => {
      const x = input([1]);
      return model(x, layers.dense(1, plain)(x), { name });
    };
    const sum = (three: boolean) =>
      compiled(
        compose((composer) => {
          const { input, layers, model } = composer;
          const first = blueprint(composer, 'first');
          const members = three
            ? [first, blueprint(composer, 'second'), blueprint(composer, 'third')]
            : [first, first, first];
          const x = input([1]);
          return model(x, layers.add()(members.map((member) => member(x))));
        }),
      );
    const [ensemble, repeated] = [sum(true), sum(false)];
    expect([params(ensemble), params(repeated)]).toEqual([3, 1]);
    // Both give 3 · 0.5 · 1 for a target of 2: the slope for each weight is -1, and for the one used thrice -3.
    const after = step(ensemble, weights(ensemble, 0.5), 1, 2).updates;
    for (const { key } of ensemble.variables) expect(after[key]!.data[0]).toBeCloseTo(0.6, 7);
    const once = step(repeated, weights(repeated, 0.5), 1, 2).updates;
    expect(once[repeated.variables[0]!.key]!.data[0]).toBeCloseTo(0.8, 7);
  });
});

describe('parameters', () => {
  it.each<[string, number, (composer: Composer) => ReturnType<Composer['model']>]>([
    [
      'equal names in different submodels are different layers',
      2 * 12,
      ({ input, layers, model }) => {
        const part = (name: string) => {
          const x = input([3], { name: 'x' });
          return model(x, layers.dense(3, { name: 'd' })(x), { name });
        };
        const x = input([3], { name: 'x' });
        return model(x, part('left')(part('right')(x)), { name: 'outer' });
      },
    ],
    [
      'a model of models of models counts each once',
      // Each core 3·3 + 3; the middle adds a Dense of its own to one that it calls twice.
      12 + 12 + 4,
      ({ input, layers, model }) => {
        const x = input([3]);
        const core = model(x, layers.dense(3)(x), { name: 'core' });
        const y = input([3]);
        const middle = model(y, layers.dense(3)(core(core(y))), { name: 'middle' });
        const z = input([3]);
        return model(z, layers.dense(1)(layers.add()([middle(z), core(z)])), { name: 'outer' });
      },
    ],
    [
      'Sequential in Functional in Sequential',
      20 + 25 + 6,
      ({ input, layers, model, sequential }) => {
        const inner = sequential([input([4]), layers.dense(4)], { name: 'inner' });
        const x = input([4]);
        const middle = model(x, layers.dense(5)(inner(x)), { name: 'middle' });
        return sequential([input([4]), middle, layers.dense(1)], { name: 'outer' });
      },
    ],
    [
      'several inputs and outputs, and a skip connection',
      4 * 3 + 3 + (2 * 3 + 3) + (3 * 3 + 3) + (6 * 1 + 1),
      ({ input, layers, model }) => {
        const [a, b] = [input([4]), input([2])];
        const left = layers.dense(3)(a);
        const right = layers.dense(3)(b);
        const skip = layers.add()([left, layers.dense(3)(right)]);
        const both = layers.concatenate()([skip, left]);
        return model([a, b], [layers.dense(1, { name: 'head' })(both), skip]) as never;
      },
    ],
    [
      'a wrapped model beside its own calls',
      3 * 2 + 2,
      ({ input, layers, model }) => {
        const x = input([3]);
        const part = model(x, layers.dense(2)(x), { name: 'part' });
        const sequence = input([5, 3]);
        const single = input([3]);
        const steps = layers.timeDistributed(part)(sequence);
        const all = layers.concatenate()([layers.globalMaxPooling1d()(steps), part(single)]);
        return model([sequence, single], all);
      },
    ],
    [
      'a bidirectional layer is two copies',
      2 * (4 * (3 * 2 + 2 * 2 + 2)),
      ({ input, layers, model }) => {
        const x = input([5, 3]);
        return model(x, layers.bidirectional(layers.lstm(2))(x));
      },
    ],
  ])('%s', (_, expected, build) => {
    const spec = compose(build);
    const loss = spec.layers[spec.models.at(-1)!]!.graph!.outputs.map(() => 'mse');
    expect(params(compiled(spec, loss))).toBe(expected);
  });
});

describe('sharing outlives', () => {
  it('being written and read as a spec', () => {
    const spec = compose(inTwoSubmodels);
    const again = parseModelSpec(JSON.parse(JSON.stringify(spec)));
    expect(again).toEqual(spec);
    const model = compiled(again);
    const { updates } = step(model, weights(model, 0.5), 0.5, 1.25);
    expect(updates['outer/one/shared/kernel']!.data[0]).toBeCloseTo(0.65, 7);
  });

  it("being written and read as Keras's JSON, which Keras itself can't read", () => {
    const spec = compose(inTwoSubmodels);
    const json = JSON.parse(JSON.stringify(toKerasConfig(spec, 'outer'))) as Json;
    const again = fromKerasConfig(json);
    const model = compiled(again);
    expect(params(model)).toBe(1);
    expect([...pathsByLayer(again).values()].filter((paths) => paths.length === 2)).toEqual([
      ['outer/one/shared', 'outer/two/shared'],
    ]);
    const { updates } = step(model, weights(model, 0.5), 0.5, 1.25);
    expect(updates[model.variables[0]!.key]!.data[0]).toBeCloseTo(0.65, 7);
  });

  it('a layer inside wrappers', () => {
    const spec = compose(({ input, layers, model }) => {
      const shared = layers.dense(3, { name: 'shared' });
      const x = input([4, 3], { name: 'x' });
      const once = layers.timeDistributed(shared, { name: 'first' })(x);
      const twice = layers.timeDistributed(shared, { name: 'second' })(once);
      const both = layers.bidirectional(layers.gru(2, { name: 'gru' }))(twice);
      return model(x, both, { name: 'outer' });
    });
    expect(pathsByLayer(spec).get('outer/first/shared')).toEqual([
      'outer/first/shared',
      'outer/second/shared',
    ]);
    const again = fromKerasConfig(JSON.parse(JSON.stringify(toKerasConfig(spec, 'outer'))) as Json);
    expect(again).toEqual(spec);
  });
});
