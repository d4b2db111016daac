import type { ShapedColumn, Want } from '../../shared/data/fit.ts';
import { wantOfInput, wantOfOutput } from '../../shared/data/fit.ts';
import type { Mapping, Tie } from '../../shared/data/mapping.ts';
import type { ModelPorts } from '../../shared/data/ports.ts';
import {
  sizeOf,
  zeros,
  type DType,
  type NamedTensors,
  type Shape,
  type TensorData,
} from '../../shared/program/tensor.ts';

/**
 * Turns a batch of the data into the feeds of the model's inputs and targets. Inputs that the task makes noisy take the
 * columns in `noisy` where they are there.
 */
export type BindBatch = (elements: NamedTensors, noisy?: NamedTensors) => NamedTensors;

/** Ties data to a model as a mapping without problems says. */
export function bindData(
  ports: ModelPorts,
  { ties }: Pick<Mapping, 'ties'>,
  columns: readonly ShapedColumn[],
): BindBatch {
  const feeds = ties.map((tie) => {
    const { feed, want } = placeOf(ports, tie);
    const classes = columns.find(({ name }) => name === tie.columns[0])?.classes ?? [];
    return { tie, feed, valueOf: converter(tie, want, classes) };
  });
  return (elements, noisy = {}) =>
    Object.fromEntries(
      feeds.map(({ tie, feed, valueOf }) => {
        const taken = tie.columns.map((name) => (tie.noisy && noisy[name]) || elements[name]!);
        return [feed, valueOf(taken)];
      }),
    );
}

function placeOf(ports: ModelPorts, { role, port }: Tie): { feed: string; want: Want } {
  if (role === 'input')
    return { feed: port, want: wantOfInput(ports.inputs.find(({ name }) => name === port)!) };
  const output = ports.outputs.find(({ name }) => name === port)!;
  return { feed: `target/${output.index}`, want: wantOfOutput(output) };
}

type Converter = (values: readonly TensorData[]) => TensorData;

function converter({ as }: Tie, { shape, dtype }: Want, classes: readonly string[]): Converter {
  const inner = shape.slice(1);
  switch (as) {
    case 'values':
      return (values) =>
        values.length === 1 ? shaped(values[0]!, inner, dtype) : stacked(values, dtype);
    case 'index':
      return ([value]) => shaped(value!, inner, dtype);
    case 'number': {
      const numbers = classes.map(Number);
      return ([value]) => ({
        shape: [value!.data.length, ...(inner as number[])],
        dtype: 'float32',
        data: Float32Array.from(value!.data, (label) => numbers[label]!),
      });
    }
    case 'one-hot':
      return ([value]) => oneHot(value!, inner[0]!);
  }
}

/** The values in the shape and type that are wanted, where all dimensions are known; else in their own shape. */
function shaped({ shape, dtype: given, data }: TensorData, inner: Shape, dtype: DType): TensorData {
  const known = sizeOf(inner) !== null;
  const values = given === dtype ? data : zeros(dtype, data.length);
  if (values !== data) values.set(data);
  return { shape: known ? [shape[0]!, ...(inner as number[])] : shape, dtype, data: values };
}

/** Columns of numbers side by side. */
function stacked(columns: readonly TensorData[], dtype: DType): TensorData {
  const count = columns[0]!.shape[0]!;
  const widths = columns.map(({ data }) => data.length / count);
  const total = widths.reduce((a, b) => a + b, 0);
  const data = zeros(dtype, count * total);
  let at = 0;
  columns.forEach((column, i) => {
    const width = widths[i]!;
    for (let sample = 0; sample < count; sample++)
      data.set(column.data.subarray(sample * width, (sample + 1) * width), sample * total + at);
    at += width;
  });
  return { shape: [count, total], dtype, data };
}

function oneHot({ data }: TensorData, classes: number): TensorData {
  const values = new Float32Array(data.length * classes);
  data.forEach((label, i) => (values[i * classes + label] = 1));
  return { shape: [data.length, classes], dtype: 'float32', data: values };
}
