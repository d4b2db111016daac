import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { activations, type ActivationName } from '../activations.ts';
import { defineLayer, type CallContext, keepsMask } from './layer.ts';

const names = Object.keys(activations) as [ActivationName, ...ActivationName[]];

/** The `activation` key of a layer: a name; null and absent are linear. */
export const activation = z
  .enum(names)
  .nullish()
  .transform((name) => name ?? 'linear');

/** Applies the `activation` of a layer's configuration. */
export function activate(
  { ops }: CallContext,
  x: Value,
  config: { readonly activation: ActivationName },
): Value {
  return activations[config.activation](ops, x);
}

/** An activation as a layer of its own. */
export const activationLayer = defineLayer({
  className: 'Activation',
  mask: keepsMask,
  config: z.strictObject({ activation: z.enum(names) }),
  call: (context, [x], config) => activate(context, x!, config),
});

/** x above a threshold and at most a largest value; below the threshold 0, or falling with a slope. */
export const reluLayer = defineLayer({
  className: 'ReLU',
  mask: keepsMask,
  config: z.strictObject({
    max_value: z.number().nonnegative().nullish(),
    negative_slope: z.number().nonnegative().nullish(),
    threshold: z.number().nonnegative().nullish(),
  }),
  call({ ops }, [x], { max_value, negative_slope, threshold }) {
    const above = threshold ? ops.select(ops.less(threshold, x!), x!, 0) : ops.relu(x!);
    const capped = max_value == null ? above : ops.min(above, max_value);
    if (!negative_slope) return capped;
    return ops.sub(capped, ops.mul(ops.relu(ops.sub(threshold ?? 0, x!)), negative_slope));
  },
});
