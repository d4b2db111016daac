import type { Tensor } from '@tensorflow/tfjs-core';
import type { DType, NamedTensors, TensorType } from '../../../shared/program/tensor.ts';
import { checkTensor } from '../checks.ts';
import type { Variables } from '../engine.ts';
import type { Tf } from './kernels/kernel.ts';
import { download, upload } from './tensors.ts';

/** Variables as tfjs tensors, which stay on the device between runs. */
export class TensorflowVariables implements Variables {
  private readonly tf: Tf;
  private readonly tensors = new Map<string, Tensor>();

  constructor(tf: Tf, initial: NamedTensors) {
    this.tf = tf;
    this.place(initial);
  }

  /** The tensor that holds a variable now. Throws when there is none of that name. */
  current(name: string): Tensor {
    const tensor = this.tensors.get(name);
    if (!tensor) throw new RangeError(`there is no variable "${name}"`);
    return tensor;
  }

  /** Puts these tensors in the place of the old ones, which are disposed. */
  replace(tensors: ReadonlyMap<string, Tensor>): void {
    for (const [name, tensor] of tensors) {
      this.tensors.get(name)?.dispose();
      this.tensors.set(name, tensor);
    }
  }

  async read(names: readonly string[] = [...this.tensors.keys()]): Promise<NamedTensors> {
    const tensors = names.map((name) => [name, this.current(name)] as const);
    const result: NamedTensors = {};
    for (const [name, tensor] of tensors) result[name] = await download(tensor);
    return result;
  }

  async write(values: NamedTensors): Promise<void> {
    for (const [name, value] of Object.entries(values))
      checkTensor('variable', name, typeOf(this.current(name)), value);
    this.replace(this.uploaded(values));
  }

  async add(values: NamedTensors): Promise<void> {
    const fresh = Object.entries(values).filter(([name]) => !this.tensors.has(name));
    this.place(Object.fromEntries(fresh));
  }

  dispose(): void {
    for (const tensor of this.tensors.values()) tensor.dispose();
    this.tensors.clear();
  }

  private place(values: NamedTensors): void {
    for (const [name, value] of Object.entries(values)) checkTensor('variable', name, value, value);
    this.replace(this.uploaded(values));
  }

  private uploaded(values: NamedTensors): Map<string, Tensor> {
    return new Map(Object.entries(values).map(([name, value]) => [name, upload(this.tf, value)]));
  }
}

/** Shape and type of a tensor in our words. */
export function typeOf({ shape, dtype }: Tensor): TensorType {
  return { shape, dtype: dtype as DType };
}
