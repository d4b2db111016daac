import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { dataFormat, padding, sizes } from './config.ts';
import { channelsOf } from './conv.ts';
import { defineLayer } from './layer.ts';
import { stepMask } from './sequences.ts';

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

/** The largest or the mean of all spatial positions, a channel at a time. A mean can leave masked steps out. */
function globalPooling(className: string, op: 'reduceMax' | 'reduceMean', n: number) {
  const config = z.strictObject({ data_format: dataFormat, keepdims: z.boolean().default(false) });
  const axes = Array.from({ length: n }, (_, i) => i + 1);
  const takesMask = n === 1 && op === 'reduceMean';
  return defineLayer({
    className,
    takesMask,
    config,
    call(context, [x], { keepdims }) {
      const { ops } = context;
      channelsOf(x!.shape, n);
      const mask = takesMask ? stepMask(context, x!) : null;
      if (!mask) return ops[op](x!, axes, keepdims);
      const sum = (value: Value) => ops.reduceSum(value, axes, keepdims);
      return ops.div(sum(ops.select(mask, x!, 0)), sum(ops.cast(mask, 'float32')));
    },
  });
}

export const maxPooling1d = pooling('MaxPooling1D', 'maxPool', 1);
export const maxPooling2d = pooling('MaxPooling2D', 'maxPool', 2);
export const maxPooling3d = pooling('MaxPooling3D', 'maxPool', 3);
export const averagePooling1d = pooling('AveragePooling1D', 'avgPool', 1);
export const averagePooling2d = pooling('AveragePooling2D', 'avgPool', 2);
export const averagePooling3d = pooling('AveragePooling3D', 'avgPool', 3);
export const globalMaxPooling1d = globalPooling('GlobalMaxPooling1D', 'reduceMax', 1);
export const globalMaxPooling2d = globalPooling('GlobalMaxPooling2D', 'reduceMax', 2);
export const globalAveragePooling1d = globalPooling('GlobalAveragePooling1D', 'reduceMean', 1);
export const globalAveragePooling2d = globalPooling('GlobalAveragePooling2D', 'reduceMean', 2);
export const globalMaxPooling3d = globalPooling('GlobalMaxPooling3D', 'reduceMax', 3);
export const globalAveragePooling3d = globalPooling('GlobalAveragePooling3D', 'reduceMean', 3);
