import type { Tensor } from '@tensorflow/tfjs-core';
import type { Program } from '../../../shared/program/program.ts';
import type { NamedTensors } from '../../../shared/program/tensor.ts';
import { compatible, formatShape } from '../../../shared/program/tensor.ts';
import { checkTensor } from '../checks.ts';
import type { Executable, Variables } from '../engine.ts';
import type { ComputedOp, Kernel, Kernels, Tf } from './kernels/kernel.ts';
import { planProgram, type PlannedNode } from './plan.ts';
import { download, upload } from './tensors.ts';
import { TensorflowVariables, typeOf } from './variables.ts';

/** A program run operation by operation on tfjs's kernels. */
export class TensorflowExecutable implements Executable {
  private readonly tf: Tf;
  private readonly kernels: Kernels;
  private readonly program: Program;
  private readonly plan: readonly PlannedNode[];
  private readonly constants = new Map<number, Tensor>();
  private running = false;

  constructor(tf: Tf, kernels: Kernels, program: Program) {
    this.tf = tf;
    this.kernels = kernels;
    this.program = program;
    this.plan = planProgram(program);
    for (const { id, node } of this.plan)
      if (node.op === 'constant') this.constants.set(id, upload(tf, node.attrs.value));
  }

  async run(variables: Variables, feeds: NamedTensors): Promise<NamedTensors> {
    if (this.running) throw new Error('this program is running; runs are not concurrent');
    if (!(variables instanceof TensorflowVariables))
      throw new TypeError('the variables belong to another engine');
    const { outputs, updates } = this.program;
    const values = new Map<number, Tensor>();
    /** What this run made and has to dispose; variables and constants outlive it. */
    const owned = new Map<number, Tensor>();
    this.running = true;
    try {
      for (const step of this.plan) {
        const value = this.value(step, values, variables, feeds);
        values.set(step.id, value);
        if (!['variable', 'constant'].includes(step.node.op)) owned.set(step.id, value);
        for (const id of step.release) {
          owned.get(id)?.dispose();
          owned.delete(id);
        }
      }
      const results: NamedTensors = {};
      for (const [name, id] of Object.entries(outputs))
        results[name] = await download(values.get(id)!);
      for (const [name, id] of Object.entries(updates))
        this.checkUpdate(name, values.get(id)!, variables.current(name));
      variables.replace(
        new Map(Object.entries(updates).map(([name, id]) => [name, values.get(id)!.clone()])),
      );
      return results;
    } finally {
      this.running = false;
      for (const tensor of owned.values()) tensor.dispose();
    }
  }

  async dispose(): Promise<void> {
    for (const tensor of this.constants.values()) tensor.dispose();
    this.constants.clear();
  }

  /** Brings the tensor of a node into the run, or computes it. */
  private value(
    { id, node }: PlannedNode,
    values: ReadonlyMap<number, Tensor>,
    variables: TensorflowVariables,
    feeds: NamedTensors,
  ): Tensor {
    switch (node.op) {
      case 'variable': {
        const tensor = variables.current(node.attrs.name);
        const { shape, dtype } = node.attrs;
        if (tensor.dtype !== dtype || !compatible(shape, tensor.shape))
          throw new RangeError(
            `the program has variable "${node.attrs.name}" as ${dtype} ${formatShape(shape)}; ` +
              `it is ${tensor.dtype} ${formatShape(tensor.shape)}`,
          );
        return tensor;
      }
      case 'feed':
      case 'random': {
        const feed = feeds[node.attrs.name];
        checkTensor('feed', node.attrs.name, node, feed);
        return upload(this.tf, feed);
      }
      case 'constant': {
        const constant = this.constants.get(id);
        if (!constant) throw new Error('this program has been disposed');
        return constant;
      }
      default: {
        const inputs = node.inputs.map((input) => values.get(input)!);
        const kernel = this.kernels[node.op] as Kernel<ComputedOp>;
        try {
          return this.tf.tidy(() => {
            const result = kernel(inputs, node.attrs as never);
            return inputs.includes(result) ? result.clone() : result;
          });
        } catch (error) {
          const shapes = inputs.map((x) => formatShape(x.shape)).join(', ');
          throw new Error(
            `operation ${node.op} (value ${id} of the program) failed on ${shapes}: ${(error as Error).message}`,
            { cause: error },
          );
        }
      }
    }
  }

  private checkUpdate(name: string, next: Tensor, current: Tensor): void {
    const [a, b] = [typeOf(next), typeOf(current)];
    if (a.dtype === b.dtype && formatShape(a.shape) === formatShape(b.shape)) return;
    throw new RangeError(
      `the new value of variable "${name}" is ${a.dtype} ${formatShape(a.shape)}; ` +
        `it was ${b.dtype} ${formatShape(b.shape)}`,
    );
  }
}
