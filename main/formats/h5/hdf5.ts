import h5wasm, { Dataset, Group, type Metadata } from 'h5wasm';
import { fromFloat16 } from '../float16.ts';
import {
  sizeOf,
  zeros,
  type DType,
  type TensorData,
  type TensorValues,
} from '../../../shared/program/tensor.ts';
import { emptyGroup, type H5Attribute, type H5Group } from './tree.ts';

/** HDF5's numbers of its classes of types. */
const [INTEGER, FLOAT, STRING, ENUM] = [0, 1, 3, 8];

/** More groups and tensors than this are taken for a mistake. */
const MOST_OBJECTS = 200_000;

/** Groups may stand in one another this deep. */
const MOST_DEPTH = 500;

/** Deflate makes at most so many bytes of one. */
const DEFLATE_RATIO = 1032;

/** The most names in one attribute: a reference of 16 bytes each, within the 64 KB of an object header. */
const MOST_NAMES = 4000;

const FILE = '/model.h5';

/**
 * Reads an HDF5 file whole. Links to other files and places are left out; numbers become float32, int32 or bool.
 * Throws an Error for a file that is broken, or promises more than its size can hold.
 */
export async function readHdf5(bytes: Uint8Array): Promise<H5Group> {
  const { FS } = await h5wasm.ready;
  FS.writeFile(FILE, bytes);
  const file = new h5wasm.File(FILE, 'r');
  try {
    const limits = { bytes: bytes.length, left: MOST_OBJECTS, total: 0 };
    return readGroup(file, 0, limits);
  } finally {
    file.close();
    FS.unlink(FILE);
  }
}

interface Limits {
  /** The size of the file. */
  readonly bytes: number;
  /** How many more objects there may be. */
  left: number;
  /** Bytes of all tensors so far. */
  total: number;
}

function readGroup(group: Group, depth: number, limits: Limits): H5Group {
  if (depth > MOST_DEPTH) throw new Error(`over ${MOST_DEPTH} groups inside one another`);
  const read = emptyGroup();
  for (const [name, attribute] of Object.entries(group.attrs)) {
    const value = readAttribute(attribute.metadata, () => attribute.value, limits);
    if (value !== null) read.attributes[name] = value;
  }
  for (const name of group.keys()) {
    if (--limits.left < 0) throw new Error(`it holds over ${MOST_OBJECTS} groups and tensors`);
    const entity = group.get(name);
    if (entity instanceof Group) read.groups[name] = readGroup(entity, depth + 1, limits);
    else if (entity instanceof Dataset) {
      const tensor = readTensor(entity, limits);
      if (tensor) read.tensors[name] = tensor;
    }
  }
  return read;
}

function readAttribute(
  { type, shape, size, total_size }: Metadata,
  value: () => unknown,
  limits: Limits,
): H5Attribute | null {
  if (total_size * size > limits.bytes * DEFLATE_RATIO)
    throw new Error(`an attribute promises ${total_size} elements`);
  if (total_size === 0) return [];
  if (type !== STRING && type !== INTEGER && type !== FLOAT) return null;
  const read = value();
  if (typeof read === 'string') return read;
  if (type === STRING && Array.isArray(read)) return read.flat(Infinity).map(String);
  return type !== STRING && shape?.length === 0 ? Number(read) : null;
}

/** Null for what is no tensor of numbers. */
function readTensor(dataset: Dataset, limits: Limits): TensorData | null {
  const { metadata, path } = dataset;
  const { type, shape, size, total_size, chunks, virtual_sources } = metadata;
  if (shape === null || (type !== INTEGER && type !== FLOAT && type !== ENUM)) return null;
  if (virtual_sources) throw new Error(`${path} lies in other files`);
  const bytes = total_size * size;
  limits.total += bytes;
  const most = chunks ? limits.bytes * DEFLATE_RATIO : limits.bytes;
  if (!(bytes <= most && limits.total <= limits.bytes * DEFLATE_RATIO))
    throw new Error(`${path} promises ${total_size} numbers, more than the file can hold`);
  if (total_size === 0) return { shape, dtype: 'float32', data: new Float32Array(0) };
  const data = numbersOf(dataset.value, metadata);
  if (data === null) return null;
  if (data.length !== sizeOf(shape))
    throw new Error(`${path} holds ${data.length} numbers for ${sizeOf(shape)}`);
  return { shape, dtype: dtypeOf(data), data };
}

function dtypeOf(data: TensorValues): DType {
  if (data instanceof Float32Array) return 'float32';
  return data instanceof Int32Array ? 'int32' : 'bool';
}

/** Null for whole numbers beyond 32 bits. */
function numbersOf(value: unknown, { type, size, enum_type }: Metadata): TensorValues | null {
  const list = (typeof value === 'object' ? value : [value]) as ArrayLike<number | bigint>;
  if (enum_type) return Uint8Array.from(list, Number);
  if (type === FLOAT && size === 2)
    return fromFloat16(new Uint16Array((value as Uint8Array).slice().buffer));
  if (type === FLOAT)
    return value instanceof Float32Array ? value : Float32Array.from(list, Number);
  // 32 bits without a sign, such as the state of a generator of random numbers, keep their bits.
  const whole = Int32Array.from(list, Number);
  return size > 4 && whole.some((number, i) => number !== Number(list[i])) ? null : whole;
}

const TYPES: Record<DType, string> = { float32: '<f4', int32: '<i4', bool: '|b1' };

/** Writes an HDF5 file in the oldest version that holds it, as Keras does. */
export async function writeHdf5(group: H5Group): Promise<Uint8Array<ArrayBuffer>> {
  const { FS } = await h5wasm.ready;
  const file = new h5wasm.File(FILE, 'w');
  try {
    writeGroup(file, group);
  } finally {
    file.close();
  }
  const bytes = FS.readFile(FILE) as Uint8Array<ArrayBuffer>;
  FS.unlink(FILE);
  return bytes;
}

function writeGroup(to: Group, { attributes, groups, tensors }: H5Group): void {
  for (const [name, value] of Object.entries(attributes)) writeAttribute(to, name, value);
  for (const [name, { shape, dtype, data }] of Object.entries(tensors))
    to.create_dataset({
      name,
      data: data.length > 0 ? data : zeros(dtype, 0),
      shape: [...shape],
      dtype: TYPES[dtype],
    });
  for (const [name, group] of Object.entries(groups)) writeGroup(to.create_group(name), group);
}

function writeAttribute(to: Group, name: string, value: H5Attribute): void {
  if (typeof value === 'number') to.create_attribute(name, value, [], '<f8');
  else if (typeof value === 'string') to.create_attribute(name, value, [], 'S');
  else if (value.length === 0) to.create_attribute(name, new Float64Array(0), [0], '<f8');
  else if (value.length <= MOST_NAMES) to.create_attribute(name, [...value], [value.length], 'S');
  else
    for (let part = 0; part * MOST_NAMES < value.length; part++)
      writeAttribute(to, `${name}${part}`, value.slice(part * MOST_NAMES, (part + 1) * MOST_NAMES));
}
