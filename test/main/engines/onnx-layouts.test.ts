import { afterAll, beforeAll, describe, it } from 'vitest';
import type { Engine } from '../../../main/engines/engine.ts';
import { createOnnxEngine } from '../../../main/engines/onnx/engine.ts';
import type { ConvAttrs } from '../../../shared/program/attributes.ts';
import { createOps, type Ops, type Value } from '../../../shared/program/builder.ts';
import type { Shape } from '../../../shared/program/tensor.ts';
import { interpret } from '../../reference/interpret.ts';
import { expectClose } from './conformance/case.ts';
import { createRandom, drawInput, float, ties } from './conformance/inputs.ts';

/**
 * Images leave a convolution channels first, or blocked where their channels fill blocks; then every operation has
 * to find its way in that layout. `image` is such an image, [N, 6, 6, 16], with many equal numbers.
 */
interface Kit {
  readonly ops: Ops;
  readonly image: Value;
  /** Another such image. */
  readonly other: Value;
  /** An image of 3 channels that left a convolution. */
  readonly narrow: Value;
  /** A feed of this shape. */
  readonly feed: (...shape: Shape) => Value;
}

const plain: ConvAttrs = { strides: [1, 1], padding: 'valid', dilations: [1, 1], groups: 1 };
const pool = { poolSize: [2, 2], strides: [2, 2], padding: 'valid' } as const;
const overlapping = { poolSize: [3, 2], strides: [1, 2], padding: 'same' } as const;

const uses: Record<string, (kit: Kit) => Value> = {
  unary: ({ ops, image }) => ops.tanh(image),
  'add to another': ({ ops, image, other }) => ops.add(image, other),
  'add to a feed': ({ ops, image, feed }) => ops.add(image, feed(null, 6, 6, 16)),
  'add of a vector': ({ ops, image, feed }) => ops.add(ops.neg(image), feed(16)),
  'subtraction from a vector': ({ ops, image, feed }) => ops.sub(feed(16), image),
  'two biases': ({ ops, image, feed }) => ops.add(ops.add(image, feed(16)), feed(16)),
  'relu of a bias': ({ ops, image, feed }) => ops.relu(ops.add(image, feed(16))),
  'bias of a relu': ({ ops, image, feed }) => ops.add(ops.relu(image), feed(16)),
  'relu of a relu': ({ ops, image }) => ops.relu(ops.relu(image)),
  'a vector of the width': ({ ops, image, feed }) => ops.mul(image, feed(6, 1)),
  'a number an image': ({ ops, image, feed }) => ops.mul(image, feed(null, 1, 1, 1)),
  'a number an image and channel': ({ ops, image, feed }) => ops.mul(image, feed(null, 1, 1, 16)),
  'a plane an image': ({ ops, image, feed }) => ops.mul(image, feed(null, 6, 6, 1)),
  'one image': ({ ops, image, feed }) => ops.mul(feed(1, 6, 6, 16), image),
  'a row of one image': ({ ops, image, feed }) => ops.mul(feed(6, 16), image),
  scalar: ({ ops, image }) => ops.mul(image, 3),
  'a tensor of ones in all dimensions': ({ ops, image, feed }) => ops.mul(image, feed(1, 1, 1, 1)),
  'broadcast by a larger one': ({ ops, image, feed }) => ops.add(feed(2, 1, 6, 6, 16), image),
  select: ({ ops, image, other }) => ops.select(ops.less(0, image), other, 0),
  'select a narrow one': ({ ops, image, narrow }) =>
    ops.select(ops.less(ops.reduceMax(image, [3], true), 1), narrow, 0),
  cast: ({ ops, image }) => ops.cast(image, 'int32'),
  'sum over space': ({ ops, image }) => ops.reduceSum(image, [1, 2]),
  'maximum over space, kept': ({ ops, image }) => ops.reduceMax(image, [1, 2], true),
  'mean over batch and space': ({ ops, image }) => ops.reduceMean(image, [0, 1, 2]),
  'mean over batch and space, kept': ({ ops, image }) => ops.reduceMean(image, [0, 1, 2], true),
  'sum over everything': ({ ops, image }) => ops.reduceSum(image),
  'sum over everything, kept': ({ ops, image }) => ops.reduceSum(image, [0, 1, 2, 3], true),
  'sum over channels': ({ ops, image }) => ops.reduceSum(image, [3]),
  'sum over channels, kept': ({ ops, image }) => ops.reduceSum(image, [3], true),
  'sum over height': ({ ops, image }) => ops.reduceSum(image, [1]),
  'sum over width and channels': ({ ops, image }) => ops.reduceSum(image, [2, 3], true),
  'sum over the batch': ({ ops, image }) => ops.reduceSum(image, [0], true),
  'argMax over channels': ({ ops, image }) => ops.argMax(image, 3),
  'argMax over height': ({ ops, image }) => ops.argMax(image, 1),
  'size of the batch': ({ ops, image }) => ops.size(image, [0]),
  'size of it all': ({ ops, image }) => ops.size(image),
  reshape: ({ ops, image }) => ops.reshape(image, [null, 576]),
  'reshape and back': ({ ops, image, other }) =>
    ops.add(ops.reshape(ops.reshape(image, [null, 576]), [null, 6, 6, 16]), other),
  transpose: ({ ops, image }) => ops.transpose(image, [3, 0, 2, 1]),
  'transpose to channels first': ({ ops, image }) => ops.transpose(image, [0, 3, 1, 2]),
  'slice of space': ({ ops, image }) => ops.slice(image, [0, 1, 0, 0], [null, 2, 3, 16], [1, 2, 2, 1]), // prettier-ignore
  'slice of channels': ({ ops, image }) => ops.slice(image, [0, 0, 0, 3], [null, 6, 6, 5]),
  'slice of all to the end': ({ ops, image }) => ops.slice(image, [0, 2, 0, 0], [null, null, null, null]), // prettier-ignore
  'pad space': ({ ops, image }) => ops.pad(image, [[0, 0], [1, 2], [0, 3], [0, 0]], 5), // prettier-ignore
  'pad channels': ({ ops, image }) => ops.pad(image, [[0, 0], [0, 0], [1, 0], [2, 3]]), // prettier-ignore
  'reverse space': ({ ops, image }) => ops.reverse(image, [1, 2]),
  'reverse channels': ({ ops, image }) => ops.reverse(image, [2, 3]),
  'concat along channels': ({ ops, image, other }) => ops.concat([image, other], 3),
  'concat along channels with a narrow one': ({ ops, image, narrow }) =>
    ops.concat([image, narrow], 3),
  'concat along height with a feed': ({ ops, image, feed }) =>
    ops.concat([image, feed(null, 2, 6, 16)], 1),
  'expandLike of a vector': ({ ops, image, feed }) => ops.expandLike(feed(16), image),
  'expandLike of a mean': ({ ops, image }) =>
    ops.expandLike(ops.reduceMean(image, [1, 2], true), image),
  'product of an expandLike': ({ ops, image, feed }) =>
    ops.mul(ops.expandLike(feed(16), image), image),
  'product of two expandLike': ({ ops, image, feed }) =>
    ops.mul(ops.expandLike(feed(16), image), ops.expandLike(feed(6, 1), image)),
  'chain of an expandLike': ({ ops, image, feed }) =>
    ops.mul(ops.neg(ops.mul(ops.expandLike(feed(16), image), 2)), image),
  'less than an expandLike': ({ ops, image, other, feed }) =>
    ops.select(ops.less(ops.expandLike(feed(16), image), 0.5), image, other),
  'relu and sum of an expandLike': ({ ops, image, feed }) => {
    const wide = ops.expandLike(feed(16), image);
    return ops.add(ops.relu(wide), ops.reduceSum(wide, [1, 2], true));
  },
  broadcast: ({ ops, image }) => ops.broadcast(ops.reduceSum(image, [0], true), [3, 6, 6, 16]),
  upsample: ({ ops, image }) => ops.upsample(image, [2, 3]),
  maxPool: ({ ops, image }) => ops.maxPool(image, pool),
  'maxPool that overlaps': ({ ops, image }) => ops.maxPool(image, overlapping),
  avgPool: ({ ops, image }) => ops.avgPool(image, pool),
  'avgPool that overlaps': ({ ops, image }) => ops.avgPool(image, overlapping),
  maxPoolGrad: ({ ops, image, feed }) =>
    ops.maxPoolGrad(image, ops.maxPool(image, pool), feed(null, 3, 3, 16), pool),
  'maxPoolGrad that leaves a border': ({ ops, image, feed }) => {
    const border = { poolSize: [4, 5], strides: [4, 5], padding: 'valid' } as const;
    return ops.maxPoolGrad(image, ops.maxPool(image, border), feed(null, 1, 1, 16), border);
  },
  'maxPoolGrad above a relu': ({ ops, image, feed }) => {
    const y = ops.relu(image);
    const dy = ops.maxPoolGrad(y, ops.maxPool(y, pool), feed(null, 3, 3, 16), pool);
    return ops.mul(dy, ops.cast(ops.less(0, y), 'float32'));
  },
  'maxPoolGrad above a relu, used twice': ({ ops, image, feed }) => {
    const y = ops.relu(image);
    const dy = ops.maxPoolGrad(y, ops.maxPool(y, pool), feed(null, 3, 3, 16), pool);
    return ops.add(ops.mul(dy, ops.cast(ops.less(0, y), 'float32')), dy);
  },
  'maxPoolGrad by another sign': ({ ops, image, other, feed }) => {
    const dy = ops.maxPoolGrad(image, ops.maxPool(image, pool), feed(null, 3, 3, 16), pool);
    return ops.mul(dy, ops.cast(ops.less(0, other), 'float32'));
  },
  'sign, as bool and as number': ({ ops, image }) =>
    ops.select(ops.less(0, image), ops.cast(ops.less(0, image), 'float32'), -1),
  'maxPoolGrad that overlaps': ({ ops, image, feed }) =>
    ops.maxPoolGrad(image, ops.maxPool(image, overlapping), feed(null, 6, 3, 16), overlapping),
  avgPoolGrad: ({ ops, image }) => ops.avgPoolGrad(ops.avgPool(image, pool), [6, 6], pool),
  'avgPoolGrad that overlaps': ({ ops, image }) =>
    ops.avgPoolGrad(ops.avgPool(image, overlapping), [6, 6], overlapping),
  'product with a matrix': ({ ops, image, feed }) => ops.matMul(image, feed(16, 2)),
  'a second use': ({ ops, image, feed }) => ops.mul(ops.relu(ops.add(image, feed(16))), image),
};

/** Convolutions between images whose channels fill blocks, or are fewer than a block. */
const convolutions: [number, number, number[], Partial<ConvAttrs>][] = [
  [16, 32, [3, 3], {}],
  [32, 16, [3, 3], { padding: 'same' }],
  [1, 16, [3, 3], {}],
  [3, 16, [2, 3], { padding: 'same' }],
  [16, 1, [3, 3], {}],
  [16, 16, [1, 1], {}],
  [16, 16, [3, 3], { strides: [2, 1], padding: 'same' }],
  [16, 32, [3, 3], { strides: [3, 2] }],
  [16, 16, [2, 3], { dilations: [2, 2], padding: 'same' }],
  [16, 16, [2, 2], { padding: [[3, 0], [0, 2]] }], // prettier-ignore
  [16, 16, [1, 3], { strides: [4, 2] }],
  [32, 32, [3, 3], { groups: 2 }],
  [16, 16, [3, 3], { groups: 16, padding: 'same' }],
  [8, 24, [3, 3], {}],
];

/** Batches that do not fill blocks, and that do. */
const BATCHES = [3, 16, 32];

for (const blocks of [true, false])
  describe(blocks ? 'images in blocks' : 'images channels first', () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await createOnnxEngine({ blocks });
    });
    afterAll(() => engine.dispose());

    for (const [name, build] of Object.entries(uses))
      it(name, () =>
        compare(engine, (ops, feed) => {
          const x = feed(null, 6, 6, 4);
          const filtered = (channels: number) => ops.conv(x, feed(1, 1, 4, channels), plain);
          return build({
            ops,
            image: filtered(16),
            other: filtered(16),
            narrow: filtered(3),
            feed,
          });
        }),
      );

    for (const [input, output, kernel, window] of convolutions)
      it(`convolution ${input} to ${output} channels, ${kernel} ${JSON.stringify(window)}`, async () => {
        const attrs: ConvAttrs = { ...plain, ...window };
        const filter = [...kernel, input / attrs.groups, output];
        const chain = (ops: Ops, feed: Feed) => {
          const image = ops.relu(feed(null, 7, 9, input));
          const weights = feed(...filter);
          return { image, weights, y: ops.relu(ops.conv(image, weights, attrs)) };
        };
        await compare(engine, (ops, feed) => chain(ops, feed).y);
        await compare(engine, (ops, feed) => {
          const { weights, y } = chain(ops, feed);
          return ops.relu(ops.convInputGrad(y, weights, [7, 9], attrs));
        });
        await compare(engine, (ops, feed) => {
          const { image, y } = chain(ops, feed);
          return ops.convFilterGrad(image, y, kernel, attrs);
        });
      });
  });

/** The gradient of a filter is taken a band of rows at a time when images are large. */
const bands: [number, number, number, Partial<ConvAttrs>][] = [
  [30, 44, 64, {}],
  [33, 38, 48, { padding: 'same' }],
  [62, 40, 64, { strides: [2, 1], padding: [[1, 0], [2, 2]] }],
  [40, 40, 64, { dilations: [3, 2] }],
]; // prettier-ignore

for (const [height, width, filters, window] of bands)
  it(`filter gradient of ${height}x${width} images in bands, ${JSON.stringify(window)}`, async () => {
    const engine = await createOnnxEngine();
    const attrs: ConvAttrs = { ...plain, ...window };
    await compare(
      engine,
      (ops, feed) => {
        const image = feed(null, height, width, 1);
        const y = ops.conv(image, feed(3, 3, 1, filters), attrs);
        return ops.convFilterGrad(image, y, [3, 3], attrs);
      },
      [16],
    );
    await engine.dispose();
  });

type Feed = (...shape: Shape) => Value;

/** Runs a program at all batch sizes and compares its result with the reference. */
async function compare(
  engine: Engine,
  build: (ops: Ops, feed: Feed) => Value,
  batches = BATCHES,
): Promise<void> {
  const ops = createOps();
  const shapes: Shape[] = [];
  const feed: Feed = (...shape) => ops.feed(`feed ${shapes.push(shape) - 1}`, shape);
  const program = ops.program({ result: build(ops, feed) });
  const executable = await engine.compile(program);
  const variables = await engine.variables({});
  for (const batch of batches) {
    const random = createRandom(batch);
    const feeds = Object.fromEntries(
      shapes.map((shape, i) => {
        const kind = shape.length === 1 ? float : ties;
        return [`feed ${i}`, drawInput(kind(...shape), batch, random)];
      }),
    );
    const expected = interpret(program, {}, feeds).outputs['result']!;
    const { result } = await executable.run(variables, feeds);
    expectClose(result, expected, `batch ${batch}`);
  }
  variables.dispose();
  await executable.dispose();
}
