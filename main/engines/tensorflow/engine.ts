import { nodesOf, type Program } from '../../../shared/program/program.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import type { Engine } from '../engine.ts';
import { TensorflowExecutable } from './executable.ts';
import { createKernels } from './kernels/kernels.ts';
import { loadTensorflow, type TensorflowProvider } from './load.ts';
import { TensorflowVariables } from './variables.ts';

export interface TensorflowEngineOptions {
  /** The package that brings the backend; unless told, the first that is installed, or tfjs's own JavaScript. */
  readonly provider?: TensorflowProvider;
}

/**
 * An engine that runs programs operation by operation on tfjs's kernels. tfjs has one backend a process.
 * Throws when the provider asked for can't be loaded.
 */
export async function createTensorflowEngine(
  options: TensorflowEngineOptions = {},
): Promise<Engine> {
  const { tf, device } = await loadTensorflow(options.provider);
  const kernels = createKernels(tf);
  const disposables = new Set<{ dispose(): void | Promise<void> }>();
  const track = <T extends { dispose(): void | Promise<void> }>(made: T): T => {
    disposables.add(made);
    return made;
  };
  return {
    name: 'tensorflow',
    device,
    unsupported: unsupportedOperations,
    variables: async (initial: NamedTensors) => track(new TensorflowVariables(tf, initial)),
    async compile(program: Program) {
      const missing = unsupportedOperations(program);
      if (missing.length > 0)
        throw new Error(`the tensorflow engine can't run ${missing.join(', ')}`);
      return track(new TensorflowExecutable(tf, kernels, program));
    },
    async dispose() {
      for (const made of disposables) await made.dispose();
      disposables.clear();
    },
  };
}

/** Windows over more than three axes have no kernels. */
function unsupportedOperations(program: Program): string[] {
  const windows = [
    'conv',
    'convInputGrad',
    'convFilterGrad',
    'maxPool',
    'maxPoolGrad',
    'avgPool',
    'avgPoolGrad',
  ] as const;
  return windows.filter((op) => nodesOf(program, op).some(({ attrs }) => attrs.strides.length > 3));
}
