import { describe, expect, it } from 'vitest';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import { createTensorflowEngine } from '../../../main/engines/tensorflow/engine.ts';
import { lossOf } from '../../../shared/keras/losses/catalogue.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { grad } from '../../../shared/program/grad.ts';
import { tensor } from '../../../shared/program/tensor.ts';
import { createRandom } from '../../../shared/random.ts';
import { engineRunner } from '../../golden/runner.ts';
import { interpret } from '../../reference/interpret.ts';

const [BATCH, HEIGHT, WIDTH, CHANNELS] = [3, 14, 12, 2];
const size = BATCH * HEIGHT * WIDTH * CHANNELS;
const shape = [BATCH, HEIGHT, WIDTH, CHANNELS];
const a = tensor(createRandom(1, 'a').uniform(size, 0, 1), shape);
const b = tensor(
  Float32Array.from(a.data, (v, i) => v * 0.7 + 0.3 * Math.sin(i) ** 2),
  shape,
);

const settings = { max_val: 2, filter_size: 7, filter_sigma: 1.2, k1: 0.02, k2: 0.05 };

function program(config: object) {
  const ops = createOps();
  const feeds = ['a', 'b'].map((name) => ops.feed(name, [null, HEIGHT, WIDTH, CHANNELS]));
  const { values } = lossOf({ class_name: 'SSIM', config: config as never }).compute(
    ops,
    feeds[0]!,
    feeds[1]!,
  );
  const [slope] = grad(ops, ops.reduceSum(values), [feeds[1]!]);
  return ops.program({ values, slope: slope! });
}

/** The definition, window by window: means, variances and covariance under weights over height and width at once. */
function expected({ max_val, filter_size: n, filter_sigma, k1, k2 }: typeof settings): number[] {
  const line = Array.from({ length: n }, (_, i) =>
    Math.exp(-((i - (n - 1) / 2) ** 2) / (2 * filter_sigma ** 2)),
  );
  const total = line.reduce((x, y) => x + y) ** 2;
  const at = (x: typeof a, image: number, row: number, column: number, channel: number) =>
    x.data[((image * HEIGHT + row) * WIDTH + column) * CHANNELS + channel]!;
  return Array.from({ length: BATCH }, (_, image) => {
    let sum = 0;
    let count = 0;
    for (let channel = 0; channel < CHANNELS; channel++)
      for (let top = 0; top + n <= HEIGHT; top++)
        for (let left = 0; left + n <= WIDTH; left++) {
          const mean = (f: (p: number, q: number) => number) => {
            let result = 0;
            for (let i = 0; i < n; i++)
              for (let j = 0; j < n; j++) {
                const p = at(a, image, top + i, left + j, channel);
                const q = at(b, image, top + i, left + j, channel);
                result += (line[i]! * line[j]! * f(p, q)) / total;
              }
            return result;
          };
          const [ma, mb] = [mean((p) => p), mean((_, q) => q)];
          const va = mean((p) => (p - ma) ** 2);
          const vb = mean((_, q) => (q - mb) ** 2);
          const cov = mean((p, q) => (p - ma) * (q - mb));
          const [c1, c2] = [(k1 * max_val) ** 2, (k2 * max_val) ** 2];
          sum +=
            ((2 * ma * mb + c1) * (2 * cov + c2)) / ((ma ** 2 + mb ** 2 + c1) * (va + vb + c2));
          count += 1;
        }
    return 1 - sum / count;
  });
}

describe('SSIM', () => {
  const defaults = { max_val: 1, filter_size: 11, filter_sigma: 1.5, k1: 0.01, k2: 0.03 };

  it.each([
    ['with its own settings', {}, defaults],
    ['with others', settings, settings],
  ])('%s', (_, config, all) => {
    const { values } = interpret(program(config), {}, { a, b }).outputs;
    expected(all).forEach((value, i) => expect(values!.data[i]).toBeCloseTo(value, 6));
  });

  it('is 0 for an image and itself', () => {
    const { values } = interpret(program({}), {}, { a, b: a }).outputs;
    for (const value of Array.from(values!.data)) expect(value).toBeCloseTo(0, 7);
  });

  it('has the gradient that differences show', () => {
    const built = program(settings);
    const run = (data: ArrayLike<number>) => interpret(built, {}, { a, b: { ...b, data } }).outputs;
    const sum = (data: ArrayLike<number>) =>
      Array.from(run(data)['values']!.data).reduce((x, y) => x + y);
    const slope = run(b.data)['slope']!.data;
    for (const at of [0, 100, 500]) {
      const moved = (by: number) => Float64Array.from(b.data, (v, i) => (i === at ? v + by : v));
      expect(slope[at]).toBeCloseTo((sum(moved(1e-5)) - sum(moved(-1e-5))) / 2e-5, 6);
    }
  });

  it.each([
    ['onnx', createOnnxEngine],
    ['tensorflow', createTensorflowEngine],
  ])('on %s', async (_, create) => {
    const runner = engineRunner(await create());
    const session = await runner.open({});
    const { values } = await session.run(program(settings), { a, b });
    expected(settings).forEach((value, i) => expect(values!.data[i]).toBeCloseTo(value, 4));
    await session.close();
    await runner.close();
  });

  it('refuses images that are smaller than its window', () => {
    expect(() => program({ filter_size: 13 })).toThrow('a window of 13 does not fit into 12');
  });
});
