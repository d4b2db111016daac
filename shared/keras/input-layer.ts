import { MOST_NUMBERS, sizeOf, type Dim, type DType } from '../program/tensor.ts';
import { SpecError, type LayerSpec } from './spec.ts';

/** The batch shape that an InputLayer declares. Throws a SpecError when it has none. */
export function inputShape({ class_name, config }: LayerSpec): Dim[] {
  const shape = config['batch_shape'];
  if (class_name !== 'InputLayer')
    throw new SpecError(config.name, `expected an InputLayer; got ${class_name}`);
  const valid = (dim: unknown) => dim === null || (Number.isInteger(dim) && (dim as number) > 0);
  const known = Array.isArray(shape) && shape.length > 0 && shape.every(valid);
  if (!known || sizeOf((shape as Dim[]).map((dim) => dim ?? 1))! > MOST_NUMBERS)
    throw new SpecError(
      config.name,
      `batch_shape must list positive sizes or null, at most ${MOST_NUMBERS} numbers; got ${JSON.stringify(shape)}`,
    );
  return [null, ...(shape.slice(1) as Dim[])];
}

/** The element type of an InputLayer; integers of every width are int32. */
export function inputType({ config }: LayerSpec): DType {
  const dtype = config['dtype'];
  if (dtype === 'int32' || dtype === 'int64' || dtype === 'uint8') return 'int32';
  return dtype === 'bool' ? 'bool' : 'float32';
}
