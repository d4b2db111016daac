import { describe, expect, it } from 'vitest';
import { randomFeeds } from '../../../main/trainer/feeds.ts';
import { compose, type Composer } from '../../../shared/keras/compose.ts';
import { nodesOf } from '../../../shared/program/program.ts';
import { compileModel, initialValues, LEARNING_RATE } from '../../../shared/program/step.ts';
import { scalar, tensor, type NamedTensors } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';

const BATCH = 3;

/** Runs one training step on ones, with what the trainer draws; `values` change what it starts from. */
function train(build: (composer: Composer) => ReturnType<Composer['model']>) {
  const spec = compose(build);
  const compiled = compileModel(spec, spec.models[0]!, {
    optimizer: { class_name: 'SGD', config: {} },
    loss: 'mse',
  });
  const feeds: NamedTensors = {
    [LEARNING_RATE]: scalar(0),
    ...randomFeeds(compiled.train, BATCH, 1, 0),
  };
  for (const { attrs, shape } of nodesOf(compiled.train, 'feed')) {
    const known = shape.map((dim) => dim ?? BATCH);
    const size = known.reduce((a, b) => a * b, 1);
    const value = attrs.name.startsWith('target') ? 0 : 1;
    feeds[attrs.name] ??= tensor(Array<number>(size).fill(value), known);
  }
  const { outputs } = interpret(compiled.train, initialValues(compiled, 0), feeds);
  const randoms = nodesOf(compiled.train, 'random').map(({ attrs }) => feeds[attrs.name]!);
  return { loss: outputs['loss']!.data[0]!, randoms };
}

describe('random numbers inside TimeDistributed', () => {
  it('are drawn for every step of every sample', () => {
    const { loss, randoms } = train(({ input, layers, model }) => {
      const x = input([4, 5]);
      return model(x, layers.timeDistributed(layers.dropout(0.5))(x));
    });
    expect(randoms.map(({ shape }) => shape)).toEqual([[BATCH, 4, 5]]);
    // What is kept counts twice, so its square four times.
    const kept = Array.from(randoms[0]!.data).filter((value) => value >= 0.5).length;
    expect(loss).toBeCloseTo((4 * kept) / (BATCH * 4 * 5), 6);
  });

  it.each<[string, number[][], (composer: Composer) => ReturnType<Composer['model']>]>([
    [
      'wrappers in wrappers',
      [[BATCH, 2, 4, 5]],
      ({ input, layers, model }) => {
        const x = input([2, 4, 5]);
        const inner = layers.timeDistributed(layers.gaussianNoise(1));
        return model(x, layers.timeDistributed(inner)(x));
      },
    ],
    [
      'models',
      [
        [BATCH, 4, 1, 1, 1],
        [BATCH, 4, 1, 1, 2],
      ],
      ({ input, layers, model }) => {
        const image = input([6, 6, 2]);
        const turned = layers.randomRotation(0.1)(image);
        const part = model(image, layers.spatialDropout2d(0.3)(turned));
        const film = input([4, 6, 6, 2]);
        return model(film, layers.timeDistributed(part)(film));
      },
    ],
    [
      'recurrent layers',
      [
        [BATCH, 4, 1, 5],
        [BATCH, 4, 3],
      ],
      ({ input, layers, model }) => {
        const x = input([4, 6, 5]);
        const cell = layers.simpleRnn(3, { dropout: 0.2, recurrent_dropout: 0.4 });
        return model(x, layers.timeDistributed(cell)(x));
      },
    ],
    [
      'what looks at the whole batch, step by step',
      [
        [BATCH, 5],
        [BATCH, 5],
      ],
      ({ input, layers, model }) => {
        const x = input([5]);
        const part = model(x, layers.dropout(0.5)(layers.batchNormalization()(x)));
        const steps = input([2, 5]);
        return model(steps, layers.timeDistributed(part)(steps));
      },
    ],
  ])('%s', (_, shapes, build) => {
    const { loss, randoms } = train(build);
    expect(randoms.map(({ shape }) => shape)).toEqual(shapes);
    expect(loss).not.toBeNaN();
  });
});

it("attention's dropout draws for every row apart", () => {
  const { randoms } = train(({ input, layers, model }) => {
    const x = input([4, 5, 6]);
    const attended = layers.multiHeadAttention(2, 3, { dropout: 0.5, attention_axes: 2 })(x, x);
    return model(x, attended);
  });
  expect(randoms.map(({ shape }) => shape)).toEqual([[BATCH, 4, 2, 5, 5]]);
});
