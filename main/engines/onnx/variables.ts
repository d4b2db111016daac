import type { Tensor } from 'onnxruntime-node';
import { formatShape, zeros, type NamedTensors } from '../../../shared/program/tensor.ts';
import type { TensorData } from '../../../shared/program/tensor.ts';
import type { Variables } from '../engine.ts';
import { freeBuffers } from './free.ts';

/** Makes ONNX Runtime's tensor over the numbers, without copying them. */
export type MakeTensor = (value: TensorData) => Tensor;

/** Variables of this engine, wherever they are. A run reads one tensor of each and leaves another. */
export interface OnnxVariables extends Variables {
  /** Shape and type of a variable. Throws when there is no such variable. */
  type(name: string): Pick<TensorData, 'shape' | 'dtype'>;
  /** What a run reads. */
  reading(name: string): Tensor;
  /** What a run writes the new value into; null where ONNX Runtime makes the tensor. */
  writing(name: string): Tensor | null;
  /** Makes what a run wrote the value of these variables. */
  commit(written: Readonly<Record<string, Tensor>>): void;
}

/** A variable has two buffers: a run reads one and writes the other, so that a failed run changes nothing. */
interface Slot {
  current: TensorData;
  currentTensor: Tensor;
  spare: TensorData;
  spareTensor: Tensor;
}

/** Variables in the memory of this process, in buffers that ONNX Runtime reads and writes in place. */
export class HostVariables implements OnnxVariables {
  private readonly slots = new Map<string, Slot>();

  private readonly makeTensor: MakeTensor;

  constructor(initial: NamedTensors, makeTensor: MakeTensor) {
    this.makeTensor = makeTensor;
    this.place(initial);
  }

  type(name: string): Pick<TensorData, 'shape' | 'dtype'> {
    return this.slot(name).current;
  }

  reading(name: string): Tensor {
    return this.slot(name).currentTensor;
  }

  writing(name: string): Tensor {
    return this.slot(name).spareTensor;
  }

  /** ONNX Runtime gives copies of what it wrote into the spare buffers: nobody needs them. */
  commit(written: Readonly<Record<string, Tensor>>): void {
    const copies: ArrayBuffer[] = [];
    for (const [name, { data }] of Object.entries(written)) {
      const slot = this.slot(name);
      const { buffer } = data as TensorData['data'];
      if (buffer !== slot.spare.data.buffer) copies.push(buffer as ArrayBuffer);
      [slot.current, slot.spare] = [slot.spare, slot.current];
      [slot.currentTensor, slot.spareTensor] = [slot.spareTensor, slot.currentTensor];
    }
    freeBuffers(copies);
  }

  read(names: readonly string[] = [...this.slots.keys()]): Promise<NamedTensors> {
    return settle(() =>
      Object.fromEntries(names.map((name) => [name, copyOf(this.slot(name).current)])),
    );
  }

  write(values: NamedTensors): Promise<void> {
    return settle(() => {
      checkFit(this, values);
      for (const [name, value] of Object.entries(values))
        this.slot(name).current.data.set(value.data);
    });
  }

  add(values: NamedTensors): Promise<void> {
    return settle(() => this.place(values));
  }

  dispose(): void {
    this.slots.clear();
  }

  private place(values: NamedTensors): void {
    for (const [name, value] of Object.entries(values)) {
      if (this.slots.has(name)) continue;
      const current = copyOf(value);
      const spare = { ...current, data: zeros(value.dtype, value.data.length) };
      this.slots.set(name, {
        current,
        currentTensor: this.makeTensor(current),
        spare,
        spareTensor: this.makeTensor(spare),
      });
    }
  }

  private slot(name: string): Slot {
    return this.slots.get(name) ?? unknown(name);
  }
}

/** Fails, naming the variable, unless each value has the shape and type that its variable has. */
export function checkFit(variables: Pick<OnnxVariables, 'type'>, values: NamedTensors): void {
  for (const [name, value] of Object.entries(values)) {
    const { shape, dtype } = variables.type(name);
    if (dtype !== value.dtype || formatShape(shape) !== formatShape(value.shape))
      throw new RangeError(
        `variable "${name}" is ${dtype} ${formatShape(shape)}; got ${value.dtype} ${formatShape(value.shape)}`,
      );
  }
}

/** Says that a variable is not there. */
export function unknown(name: string): never {
  throw new RangeError(`there is no variable "${name}"`);
}

/** A tensor with numbers of its own. */
function copyOf(value: TensorData): TensorData {
  return { shape: [...value.shape], dtype: value.dtype, data: value.data.slice() };
}

async function settle<T>(work: () => T): Promise<T> {
  return work();
}
