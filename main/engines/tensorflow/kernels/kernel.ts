import type * as tfjs from '@tensorflow/tfjs-core';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { OpAttrs, OpName } from '../../../../shared/program/attributes.ts';

/** tfjs-core, whichever package brought it. */
export type Tf = typeof tfjs;

/** The operations that compute; the others bring a tensor into the run. */
export type ComputedOp = Exclude<OpName, 'variable' | 'feed' | 'random' | 'constant'>;

/** Computes one operation. It runs in a `tf.tidy`, so what it makes on the way is disposed. */
export type Kernel<K extends ComputedOp> = (inputs: readonly Tensor[], attrs: OpAttrs[K]) => Tensor;

export type Kernels<Names extends ComputedOp = ComputedOp> = { readonly [K in Names]: Kernel<K> };

/** The same kernel shape for several operations. */
export function each<Name extends ComputedOp>(
  names: readonly Name[],
  kernel: (name: Name) => (inputs: readonly Tensor[]) => Tensor,
): { [K in Name]: (inputs: readonly Tensor[]) => Tensor } {
  return Object.fromEntries(names.map((name) => [name, kernel(name)])) as {
    [K in Name]: (inputs: readonly Tensor[]) => Tensor;
  };
}
