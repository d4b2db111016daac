import { z } from 'zod';
import { dataFormat, padding, sizes } from './config.ts';
import { channelsOf } from './conv.ts';
import { defineLayer } from './layer.ts';

/** MaxPooling and AveragePooling over `n` spatial axes; strides are the pool's size unless given. */
function pooling(className: string, op: 'maxPool' | 'avgPool', n: number) {
  const config = z.strictObject({
    pool_size: sizes(n, 2),
    strides: sizes(n).nullish(),
    padding,
    data_format: dataFormat,
  });
  return defineLayer({
    className,
    config,
    call: ({ ops }, [x], { pool_size, strides, padding }) =>
      ops[op](x!, { poolSize: pool_size, strides: strides ?? pool_size, padding }),
  });
}

/** The largest or the mean of all spatial positions, a channel at a time. */
function globalPooling(className: string, op: 'reduceMax' | 'reduceMean', n: number) {
  const config = z.strictObject({ data_format: dataFormat, keepdims: z.boolean().default(false) });
  return defineLayer({
    className,
    config,
    call({ ops }, [x], { keepdims }) {
      channelsOf(x!.shape, n);
      return ops[op](
        x!,
        Array.from({ length: n }, (_, i) => i + 1),
        keepdims,
      );
    },
  });
}

export const maxPooling2d = pooling('MaxPooling2D', 'maxPool', 2);
export const globalMaxPooling2d = globalPooling('GlobalMaxPooling2D', 'reduceMax', 2);
