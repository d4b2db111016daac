import { describe, expect, it } from 'vitest';
import { compose } from '../../../shared/keras/compose.ts';
import { catalogue } from '../../../shared/keras/layers/catalogue.ts';
import type { ModelSpec } from '../../../shared/keras/spec.ts';
import { compileModel, initialValues } from '../../../shared/program/step.ts';
import { tapProgram } from '../../../shared/program/tap.ts';
import { tensor } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';
import { seedModels } from '../../support/seed.ts';

/** x -> left and right, which share a layer; left is called twice. */
const shared = compose(({ input, layers, model }) => {
  const core = layers.dense(3, { name: 'core', bias_initializer: 'ones' });
  const part = (name: string) => {
    const x = input([3], { name: 'x' });
    return model(x, layers.activation('tanh', { name: 'act' })(core(x)), { name });
  };
  const [left, right] = [part('left'), part('right')];
  const y = input([3], { name: 'y' });
  const pair = model(y, right(left(y)), { name: 'pair' });
  const z = input([3], { name: 'z' });
  return model(z, layers.add({ name: 'sum' })([pair(z), left(pair(z))]), { name: 'outer' });
});

const valuesOf = (spec: ModelSpec) =>
  initialValues(
    compileModel(spec, spec.models.at(-1)!, {
      optimizer: { class_name: 'SGD', config: {} },
      loss: 'mse',
    }),
    5,
  );

function run(spec: ModelSpec, paths: string[], x: number[]) {
  const { program, taps } = tapProgram(spec, spec.models.at(-1)!, paths);
  const { outputs } = interpret(program, valuesOf(spec), { z: tensor(x, [1, x.length]) });
  return taps.map(({ path, call, outputs: names }) => ({
    at: `${path}#${call}`,
    data: Array.from(outputs[names[0]!]!.data),
  }));
}

/** core, then tanh, in plain arithmetic. */
function left(x: readonly number[], kernel: ArrayLike<number>): number[] {
  return [0, 1, 2].map((j) => 1 + x.reduce((sum, value, i) => sum + value * kernel[i * 3 + j]!, 0));
}

describe('taps', () => {
  const kernel = Object.entries(valuesOf(shared)).find(([key]) => key.endsWith('core/kernel'))![1]
    .data;
  const x = [0.5, -1, 2];
  const near = (received: number[], expected: number[]) =>
    expected.forEach((value, i) => expect(received[i]).toBeCloseTo(value, 6));

  it('go across submodels, and give each call of a layer that is called twice', () => {
    const taps = run(shared, ['outer/left/core', 'outer/pair/left/core', 'outer/pair'], x);
    expect(taps.map(({ at }) => at)).toEqual([
      'outer/left/core#0',
      'outer/pair/left/core#0',
      'outer/pair/left/core#1',
      'outer/pair#0',
      'outer/pair#1',
    ]);
    const first = left(x, kernel);
    const second = left(first.map(Math.tanh), kernel).map(Math.tanh);
    near(taps[1]!.data, first);
    near(taps[2]!.data, first);
    near(taps[3]!.data, second);
    near(taps[4]!.data, second);
    near(taps[0]!.data, left(second, kernel));
  });

  it('take only what leads to them', () => {
    const { inputs, program, taps } = tapProgram(seedModels, 'autoencoder', [
      'autoencoder/encoder/conv2d',
    ]);
    expect(inputs).toEqual(['img']);
    expect(taps[0]!.shapes).toEqual([[null, 26, 26, 16]]);
    expect(program.nodes.filter(({ op }) => op === 'conv')).toHaveLength(1);
  });

  it('go into wrappers', () => {
    expect(catalogue.has('TimeDistributed')).toBe(true);
    const spec = compose(({ input, layers, model }) => {
      const x = input([3]);
      const inner = model(x, layers.dense(2, { name: 'd' })(x), { name: 'inner' });
      const z = input([4, 3], { name: 'z' });
      return model(z, layers.timeDistributed(inner, { name: 'steps' })(z), { name: 'outer' });
    });
    const { taps } = tapProgram(spec, 'outer', ['outer/steps/inner/d']);
    expect(taps).toMatchObject([{ call: 0, shapes: [[null, 2]] }]);
  });

  it.each([
    ['outer/nowhere', 'outer/nowhere: outer has no nowhere; it has z, pair, left, sum'],
    ['inner', 'inner: the project has no inner; it has outer'],
  ])('at %s end in an error', (path, message) => {
    expect(() => tapProgram(shared, 'outer', [path])).toThrow(message);
  });
});
