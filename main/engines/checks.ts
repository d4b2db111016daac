import {
  compatible,
  formatShape,
  sizeOf,
  type TensorData,
  type TensorType,
} from '../../shared/program/tensor.ts';

/** Fails, naming the tensor, unless it is there with the type, a shape that fits and as many numbers. */
export function checkTensor(
  kind: 'feed' | 'variable',
  name: string,
  expected: TensorType,
  value: TensorData | undefined,
): asserts value is TensorData {
  const wanted = `expected ${expected.dtype} ${formatShape(expected.shape)}`;
  if (!value) throw new RangeError(`${kind} "${name}" is missing; ${wanted}`);
  if (value.dtype !== expected.dtype || !compatible(expected.shape, value.shape))
    throw new RangeError(
      `${kind} "${name}": ${wanted}; got ${value.dtype} ${formatShape(value.shape)}`,
    );
  if (value.data.length !== sizeOf(value.shape))
    throw new RangeError(
      `${kind} "${name}" holds ${value.data.length} numbers; ${formatShape(value.shape)} has ${sizeOf(value.shape)}`,
    );
}
