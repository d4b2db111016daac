import { z } from 'zod';
import type { Ops, Value } from '../../program/builder.ts';
import { formatShape } from '../../program/tensor.ts';
import { defineLoss } from './loss.ts';

/** Stands for minus infinity, where no pair counts. */
const NEVER = -1e30;

/** log(sum(exp(x))) over the last axis of the elements that the mask keeps. */
function logSumExp(ops: Ops, x: Value, keep: Value): Value {
  const kept = ops.select(keep, x, NEVER);
  const most = ops.reduceMax(kept, [-1], true);
  const sum = ops.reduceSum(ops.exp(ops.sub(kept, most)), [-1]);
  return ops.add(ops.log(sum), ops.reshape(most, [most.shape[0]!]));
}

/**
 * Circle loss (Sun et al., 2020) between all pairs of a batch. yTrue [batch] holds class numbers, yPred
 * [batch, features] embeddings of length 1. Samples without a pair are left out. Source: keras.src.losses.losses.circle.
 */
const circle = defineLoss(
  'Circle',
  ['circle'],
  {
    gamma: z.number().default(80),
    margin: z.number().default(0.4),
    remove_diagonal: z.boolean().default(true),
  },
  (ops, yTrue, yPred, { gamma, margin, remove_diagonal }) => {
    if (yPred.shape.length !== 2)
      throw new RangeError(`takes embeddings (batch, features); got ${formatShape(yPred.shape)}`);
    const pairs = (x: Value) => ops.equal(ops.reshape(x, [null, 1]), ops.reshape(x, [1, null]));
    const same = pairs(yTrue);
    const positive = remove_diagonal
      ? ops.and(same, ops.not(pairs(ops.positions(yPred, 0))))
      : same;
    const negative = ops.not(same);
    const distance = ops.relu(ops.sub(1, ops.matMul(yPred, yPred, false, true)));
    const weight = (x: Value, keep: Value) => ops.relu(ops.mul(x, ops.cast(keep, 'float32')));
    const near = weight(ops.add(distance, margin), positive);
    const far = weight(ops.sub(1 + margin, distance), negative);
    const pull = ops.mul(ops.mul(near, ops.sub(margin, distance)), -gamma);
    const push = ops.mul(ops.mul(far, ops.sub(1 - margin, distance)), gamma);
    const both = ops.add(logSumExp(ops, pull, positive), logSumExp(ops, push, negative));
    const values = ops.softplus(both);
    return { values, mask: ops.cast(ops.less(0, values), 'float32') };
  },
  true,
);

/** The weights of a window that falls off like a normal distribution; they add up to 1. */
function gaussian(size: number, sigma: number): number[] {
  const line = Array.from({ length: size }, (_, i) =>
    Math.exp(-((i - (size - 1) / 2) ** 2) / (2 * sigma ** 2)),
  );
  const sum = line.reduce((a, b) => a + b);
  return line.map((value) => value / sum);
}

/**
 * 1 - the structural similarity of images [batch, height, width, channels] (Wang et al., 2004), over windows that fit
 * into them whole. Not one of Keras's; the numbers are those of TensorFlow's tf.image.ssim, with its settings.
 */
const ssim = defineLoss(
  'SSIM',
  ['ssim'],
  {
    max_val: z.number().positive().default(1),
    filter_size: z.int().positive().default(11),
    filter_sigma: z.number().positive().default(1.5),
    k1: z.number().positive().default(0.01),
    k2: z.number().positive().default(0.03),
  },
  (ops, yTrue, yPred, { max_val, filter_size, filter_sigma, k1, k2 }) => {
    const channels = yPred.shape.at(-1);
    if (yPred.shape.length !== 4 || channels == null)
      throw new RangeError(
        `takes images (batch, height, width, channels); got ${formatShape(yPred.shape)}`,
      );
    const line = gaussian(filter_size, filter_sigma);
    const along = (x: Value, tall: boolean) => {
      const shape = [tall ? filter_size : 1, tall ? 1 : filter_size, 1, channels];
      const data = Float32Array.from(line.flatMap((value) => Array<number>(channels).fill(value)));
      const filter = ops.constant({ shape, dtype: 'float32', data });
      const one = [1, 1];
      const window = { strides: one, dilations: one, padding: 'valid', groups: channels } as const;
      return ops.conv(x, filter, window);
    };
    const blur = (x: Value) => along(along(x, true), false);
    const [meanA, meanB] = [blur(yTrue), blur(yPred)];
    const product = ops.mul(ops.mul(meanA, meanB), 2);
    const squares = ops.add(ops.square(meanA), ops.square(meanB));
    const covariance = ops.sub(ops.mul(blur(ops.mul(yTrue, yPred)), 2), product);
    const variances = ops.sub(blur(ops.add(ops.square(yTrue), ops.square(yPred))), squares);
    const [c1, c2] = [(k1 * max_val) ** 2, (k2 * max_val) ** 2];
    const luminance = ops.div(ops.add(product, c1), ops.add(squares, c1));
    const structure = ops.div(ops.add(covariance, c2), ops.add(variances, c2));
    return ops.sub(1, ops.reduceMean(ops.mul(luminance, structure), [1, 2, 3]));
  },
);

export const similarityLosses = [circle, ssim];
