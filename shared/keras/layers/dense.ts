import { z } from 'zod';
import { activation, activate } from './activation.ts';
import { kernelAndBias, units } from './config.ts';
import { defineLayer, keepsMask } from './layer.ts';
import { kernelAndBiasVariables } from './weights.ts';

/** y = activation(x · kernel + bias) over the last axis; kernel [features, units]. */
export const dense = defineLayer({
  className: 'Dense',
  mask: keepsMask,
  config: z.strictObject({ units, activation, ...kernelAndBias }),
  variables(config, [input]) {
    const features = input!.at(-1);
    if (features == null) throw new RangeError('the last axis of the input must be known');
    return kernelAndBiasVariables(config, [features, config.units], config.units);
  },
  call(context, [x], config) {
    const { ops } = context;
    const kernel = context.variable('kernel');
    let y = ops.matMul(x!, kernel);
    if (config.use_bias) y = ops.add(y, context.variable('bias'));
    return activate(context, y, config);
  },
});
