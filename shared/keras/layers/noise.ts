import { z } from 'zod';
import { defineLayer, keepsMask } from './layer.ts';
import { dropped, kept, noiseShape } from './regularizing.ts';

const seed = z.int().nullish();
const rate = z.number().min(0).lt(1);

/** Keras's alpha', the value that SELU goes to far below 0: -alpha * scale. */
const SELU_FLOOR = -1.7580993408473766;

/** Adds normal noise while training. */
export const gaussianNoise = defineLayer({
  className: 'GaussianNoise',
  mask: keepsMask,
  config: z.strictObject({ stddev: z.number().min(0), seed }),
  call({ ops, training, random }, [x], { stddev }) {
    if (!training || stddev === 0) return x!;
    return ops.add(x!, random(x!, { kind: 'normal', mean: 0, stddev }));
  },
});

/** Multiplies by normal noise around 1 while training, with the variance that dropout of this rate has. */
export const gaussianDropout = defineLayer({
  className: 'GaussianDropout',
  mask: keepsMask,
  config: z.strictObject({ rate, seed }),
  call({ ops, training, random }, [x], { rate }) {
    if (!training || rate === 0) return x!;
    const stddev = Math.sqrt(rate / (1 - rate));
    return ops.mul(x!, random(x!, { kind: 'normal', mean: 1, stddev }));
  },
});

/** Dropout for SELU: drops to SELU's floor and keeps mean and variance (Klambauer et al., 2017). */
export const alphaDropout = defineLayer({
  className: 'AlphaDropout',
  mask: keepsMask,
  config: z.strictObject({ rate, noise_shape: noiseShape, seed }),
  call(context, [x], { rate, noise_shape }) {
    const { ops, training } = context;
    if (!training || rate === 0) return x!;
    const a = ((1 - rate) * (1 + rate * SELU_FLOOR ** 2)) ** -0.5;
    const b = -a * SELU_FLOOR * rate;
    const keep = kept(context, x!, rate, noise_shape);
    return ops.add(ops.mul(ops.select(keep, x!, SELU_FLOOR), a), b);
  },
});

/** Dropout of whole channels: one draw for all positions. */
function spatialDropout(className: string, n: number) {
  return defineLayer({
    className,
    mask: keepsMask,
    config: z.strictObject({
      rate: z.number().min(0).max(1),
      data_format: z.literal('channels_last').nullish(),
      noise_shape: z.null().optional(),
      seed,
    }),
    call(context, [x], { rate }) {
      if (!context.training || rate === 0) return x!;
      const noise = x!.shape.map((dim, axis) => (axis > 0 && axis <= n ? 1 : dim));
      return context.ops.mul(x!, dropped(context, x!, rate, noise));
    },
  });
}

export const spatialDropout1d = spatialDropout('SpatialDropout1D', 1);
export const spatialDropout2d = spatialDropout('SpatialDropout2D', 2);
export const spatialDropout3d = spatialDropout('SpatialDropout3D', 3);

/** Adds l1 * sum(|x|) + l2 * sum(x²) per sample to the loss; x passes unchanged. */
export const activityRegularization = defineLayer({
  className: 'ActivityRegularization',
  mask: keepsMask,
  config: z.strictObject({
    l1: z.number().min(0).default(0),
    l2: z.number().min(0).default(0),
  }),
  call({ ops, addLoss }, [x], { l1, l2 }) {
    const loss = ops.add(
      ops.mul(ops.reduceSum(ops.abs(x!)), l1),
      ops.mul(ops.reduceSum(ops.square(x!)), l2),
    );
    addLoss(ops.div(loss, ops.size(x!, [0])));
    return x!;
  },
});
