import { convolution } from './convolution.ts';
import { elementwise } from './elementwise.ts';
import type { Kernels, Tf } from './kernel.ts';
import { layout } from './layout.ts';
import { linear } from './linear.ts';
import { pooling } from './pooling.ts';
import { reduction } from './reduction.ts';

/** A kernel for every operation that computes, on the backend that tfjs uses when it is called. */
export function createKernels(tf: Tf): Kernels {
  return {
    ...elementwise(tf),
    ...reduction(tf),
    ...layout(tf),
    ...linear(tf),
    ...convolution(tf),
    ...pooling(tf),
  };
}
