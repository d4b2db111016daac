import type { Tensor } from 'onnxruntime-node';
import { formatShape, zeros, type NamedTensors } from '../../../shared/program/tensor.ts';
import type { TensorData } from '../../../shared/program/tensor.ts';
import type { Variables } from '../engine.ts';

/** Makes ONNX Runtime's tensor over the numbers, without copying them. */
export type MakeTensor = (value: TensorData) => Tensor;

/** A variable has two buffers: a run reads one and writes the other, so that a failed run changes nothing. */
interface Slot {
  current: TensorData;
  currentTensor: Tensor;
  spare: TensorData;
  spareTensor: Tensor;
}

/** Variables in the memory of this process, in buffers that ONNX Runtime reads and writes in place. */
export class OnnxVariables implements Variables {
  private readonly slots = new Map<string, Slot>();

  private readonly makeTensor: MakeTensor;

  constructor(initial: NamedTensors, makeTensor: MakeTensor) {
    this.makeTensor = makeTensor;
    this.place(initial);
  }

  /** What a run reads. Throws when there is no such variable. */
  reading(name: string): Tensor {
    return this.slot(name).currentTensor;
  }

  /** What a run writes the new value into. */
  writing(name: string): Tensor {
    return this.slot(name).spareTensor;
  }

  /** Makes what the last run wrote the value of these variables. */
  commit(names: readonly string[]): void {
    for (const name of names) {
      const { current, currentTensor, spare, spareTensor } = this.slot(name);
      this.slots.set(name, {
        current: spare,
        currentTensor: spareTensor,
        spare: current,
        spareTensor: currentTensor,
      });
    }
  }

  /** Shape and type of a variable. */
  type(name: string): Pick<TensorData, 'shape' | 'dtype'> {
    return this.slot(name).current;
  }

  read(names: readonly string[] = [...this.slots.keys()]): Promise<NamedTensors> {
    return settle(() =>
      Object.fromEntries(names.map((name) => [name, copy(this.slot(name).current)])),
    );
  }

  write(values: NamedTensors): Promise<void> {
    return settle(() => {
      for (const [name, value] of Object.entries(values)) {
        const { shape, dtype } = this.slot(name).current;
        const fits = dtype === value.dtype && formatShape(shape) === formatShape(value.shape);
        if (!fits)
          throw new RangeError(
            `variable "${name}" is ${dtype} ${formatShape(shape)}; got ${value.dtype} ${formatShape(value.shape)}`,
          );
      }
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
      const current = copy(value);
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
    const slot = this.slots.get(name);
    if (!slot) throw new RangeError(`there is no variable "${name}"`);
    return slot;
  }
}

function copy(value: TensorData): TensorData {
  return { shape: [...value.shape], dtype: value.dtype, data: value.data.slice() };
}

async function settle<T>(work: () => T): Promise<T> {
  return work();
}
