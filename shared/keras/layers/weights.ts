import type { z } from 'zod';
import type { kernelAndBias } from './config.ts';
import type { VariableSpec } from './layer.ts';

type KernelAndBias = z.infer<z.ZodObject<typeof kernelAndBias>>;

/** The `kernel` and, unless switched off, `bias` variables of a layer. */
export function kernelAndBiasVariables(
  config: KernelAndBias,
  kernelShape: readonly number[],
  biasSize: number,
): VariableSpec[] {
  const kernel: VariableSpec = {
    name: 'kernel',
    shape: kernelShape,
    initializer: config.kernel_initializer,
    regularizer: config.kernel_regularizer,
    constraint: config.kernel_constraint,
  };
  const bias: VariableSpec = {
    name: 'bias',
    shape: [biasSize],
    initializer: config.bias_initializer,
    regularizer: config.bias_regularizer,
    constraint: config.bias_constraint,
  };
  return config.use_bias ? [kernel, bias] : [kernel];
}
