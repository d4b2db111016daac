import type { Tensor } from 'onnxruntime-node';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';
import type { Ferry } from './ferry.ts';
import { checkFit, unknown, type OnnxVariables } from './variables.ts';

interface Slot {
  readonly type: Pick<TensorData, 'shape' | 'dtype'>;
  tensor: Tensor;
}

/** Variables in the memory of a GPU, from step to step: only what is read or written by name crosses over. */
export class DeviceVariables implements OnnxVariables {
  private readonly slots = new Map<string, Slot>();
  private readonly ferry: Ferry;

  private constructor(ferry: Ferry) {
    this.ferry = ferry;
  }

  /** Variables with these values, put on the device. */
  static async place(initial: NamedTensors, ferry: Ferry): Promise<DeviceVariables> {
    const variables = new DeviceVariables(ferry);
    await variables.add(initial);
    return variables;
  }

  type(name: string): Pick<TensorData, 'shape' | 'dtype'> {
    return this.slot(name).type;
  }

  reading(name: string): Tensor {
    return this.slot(name).tensor;
  }

  /** The device's memory is ONNX Runtime's to give: its binding for Node.js takes no buffer for a result there. */
  writing(): null {
    return null;
  }

  commit(written: Readonly<Record<string, Tensor>>): void {
    for (const [name, tensor] of Object.entries(written)) this.replace(name, tensor);
  }

  async read(names: readonly string[] = [...this.slots.keys()]): Promise<NamedTensors> {
    const slots = names.map((name) => [name, this.slot(name)] as const);
    const tensors = slots.map(([, { tensor }]) => tensor);
    const numbers = await this.ferry.down(tensors);
    return Object.fromEntries(
      slots.map(([name, { type }], i) => [name, { ...type, data: numbers[i]! } as TensorData]),
    );
  }

  async write(values: NamedTensors): Promise<void> {
    checkFit(this, values);
    const tensors = await this.ferry.up(Object.values(values));
    Object.keys(values).forEach((name, i) => this.replace(name, tensors[i]!));
  }

  async add(values: NamedTensors): Promise<void> {
    const added = Object.entries(values).filter(([name]) => !this.slots.has(name));
    const tensors = await this.ferry.up(added.map(([, value]) => value));
    added.forEach(([name, { shape, dtype }], i) =>
      this.slots.set(name, { type: { shape: [...shape], dtype }, tensor: tensors[i]! }),
    );
  }

  dispose(): void {
    for (const { tensor } of this.slots.values()) tensor.dispose();
    this.slots.clear();
  }

  private replace(name: string, tensor: Tensor): void {
    const slot = this.slot(name);
    slot.tensor.dispose();
    slot.tensor = tensor;
  }

  private slot(name: string): Slot {
    return this.slots.get(name) ?? unknown(name);
  }
}
