import type { DType, TensorData } from '../../../shared/program/tensor.ts';
import { EMPTY, type OperatorName, type Options } from './schema.ts';

/** A tensor of the file; one without data is computed, or fed. */
export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data?: TensorData['data'];
}

/** An operator, with its tensors by their numbers; -1 for one that is left out. */
export interface FileOperator {
  readonly op: OperatorName;
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly options: Options;
}

/** A graph as the file holds it. */
export interface FileGraph {
  readonly tensors: readonly FileTensor[];
  readonly operators: readonly FileOperator[];
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
}

/** Collects the tensors and operators of a graph. */
export class GraphBuilder {
  readonly tensors: FileTensor[] = [];
  readonly operators: FileOperator[] = [];
  private readonly known = new Map<string, number>();

  /** A tensor that is fed. */
  input(name: string, shape: readonly number[], dtype: DType): number {
    return this.tensors.push({ name, shape, dtype }) - 1;
  }

  /** A tensor with numbers; equal small ones are there once. */
  constant({ shape, dtype, data }: TensorData, name = 'constant'): number {
    const key = data.length > 64 ? null : `${dtype} [${shape}] ${Array.from(data, exact)}`;
    const known = key === null ? undefined : this.known.get(key);
    if (known !== undefined) return known;
    const id = this.tensors.push({ name, shape, dtype, data }) - 1;
    if (key !== null) this.known.set(key, id);
    return id;
  }

  /** A vector of int32, as shapes and axes are given. */
  ints(values: readonly number[]): number {
    return this.constant({ shape: [values.length], dtype: 'int32', data: Int32Array.from(values) });
  }

  /** A float32 scalar. */
  float(value: number): number {
    return this.constant({ shape: [], dtype: 'float32', data: Float32Array.of(value) });
  }

  /** Adds an operator; gives its result. */
  node(
    op: OperatorName,
    inputs: readonly number[],
    shape: readonly number[],
    dtype: DType = 'float32',
    options: Options = { type: EMPTY[op] ?? 0, fields: [] },
  ): number {
    const output = this.tensors.push({ name: `${op}:${this.operators.length}`, shape, dtype }) - 1;
    this.operators.push({ op, inputs, outputs: [output], options });
    return output;
  }

  shape(id: number): readonly number[] {
    return this.tensors[id]!.shape;
  }

  /** The graph with these ends, whose results get these names. */
  finish(inputs: readonly number[], outputs: readonly { id: number; name: string }[]): FileGraph {
    const tensors = [...this.tensors];
    for (const { id, name } of outputs) tensors[id] = { ...tensors[id]!, name };
    return {
      tensors,
      operators: this.operators,
      inputs,
      outputs: outputs.map(({ id }) => id),
    };
  }
}

const exact = (x: number) => (Object.is(x, -0) ? '-0' : String(x));
