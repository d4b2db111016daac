import { z } from 'zod';
import type { Value } from '../../program/builder.ts';
import { activations, type ActivationName } from '../activations.ts';
import { defineLayer, type CallContext } from './layer.ts';

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
  config: z.strictObject({ activation: z.enum(names) }),
  call: (context, [x], config) => activate(context, x!, config),
});
