import { z } from 'zod';
import type { JsonObject } from '../spec.ts';

const count = z.int().positive();

/** n positive whole numbers; a single one stands for all, as in Keras. */
export function sizes(n: number, fallback?: number) {
  const schema = z
    .union([count, z.array(count).length(n)])
    .transform((value) => (typeof value === 'number' ? Array<number>(n).fill(value) : value));
  return fallback === undefined ? schema : schema.default(Array<number>(n).fill(fallback));
}

/** `units`, `filters`: a positive whole number. */
export const units = count;

/** `padding` of convolutions and pools. */
export const padding = z.enum(['valid', 'same']).default('valid');

/** `padding` of convolutions over one axis, which can look back only. */
export const causalPadding = z.enum(['valid', 'same', 'causal']).default('valid');

/** Only channels-last is kept; channels_first is refused by name. */
export const dataFormat = z
  .literal('channels_last', { error: 'only channels_last is supported' })
  .nullish()
  .transform(() => 'channels_last' as const);

/** A Keras object: a name, or `{class_name, config}` with or without Keras's module keys. */
const kerasObject = z.custom<string | JsonObject>(
  (value) =>
    typeof value === 'string' ||
    (typeof value === 'object' && value !== null && 'class_name' in value),
  'expected a name or {class_name, config}',
);

/** An initializer with its default. */
export const initializer = (fallback: string) => kerasObject.default(fallback);

/** A regularizer, constraint: absent unless given. */
export const optionalObject = kerasObject.nullish().transform((value) => value ?? null);

/** The variables' settings that every layer with a kernel and a bias has. */
export const kernelAndBias = {
  use_bias: z.boolean().default(true),
  kernel_initializer: initializer('glorot_uniform'),
  bias_initializer: initializer('zeros'),
  kernel_regularizer: optionalObject,
  bias_regularizer: optionalObject,
  kernel_constraint: optionalObject,
  bias_constraint: optionalObject,
};
