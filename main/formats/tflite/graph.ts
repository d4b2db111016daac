import type { DType, TensorData } from '../../../shared/program/tensor.ts';
import { EMPTY, type OperatorName, type Options } from './schema.ts';

/** A tensor of the file; one without data is computed, or fed. */
export interface FileTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  readonly data?: TensorData['data'];
}

/** An operator, with its tensors by their numbers. */
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
  private readonly made = new Map<TensorData['data'], Map<string, number>>();

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

  /** What is made of weights, once for all operators that take them so. */
  derived(weights: TensorData, how: string, make: () => TensorData): number {
    const own = this.made.get(weights.data) ?? new Map<string, number>();
    this.made.set(weights.data, own);
    const id = own.get(how) ?? this.constant(make(), how);
    own.set(how, id);
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

  /** The graph with these ends, whose results get these names; constants that nothing takes are left out. */
  finish(inputs: readonly number[], outputs: readonly { id: number; name: string }[]): FileGraph {
    const named = new Map(outputs.map(({ id, name }) => [id, name]));
    const used = new Set(this.operators.flatMap((operator) => operator.inputs));
    const kept = this.tensors.flatMap(({ data }, id) => (!data || used.has(id) ? [id] : []));
    const place = new Map(kept.map((id, i) => [id, i]));
    const placed = (ids: readonly number[]) => ids.map((id) => place.get(id)!);
    return {
      tensors: kept.map((id) => {
        const tensor = this.tensors[id]!;
        return { ...tensor, name: named.get(id) ?? tensor.name };
      }),
      operators: this.operators.map((operator) => ({
        ...operator,
        inputs: placed(operator.inputs),
        outputs: placed(operator.outputs),
      })),
      inputs: placed(inputs),
      outputs: placed(outputs.map(({ id }) => id)),
    };
  }
}

const exact = (x: number) => (Object.is(x, -0) ? '-0' : String(x));
