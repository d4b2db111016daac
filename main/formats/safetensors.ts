import { fromFloat16 } from './float16.ts';
import {
  sizeOf,
  type DType,
  type NamedTensors,
  type TensorValues,
} from '../../shared/program/tensor.ts';

/** What a safetensors file holds: tensors by name, and texts. */
export interface Safetensors {
  readonly tensors: NamedTensors;
  readonly metadata: Readonly<Record<string, string>>;
}

/** The format's own limit for its header. */
const MOST_HEADER_BYTES = 100_000_000;

const TYPES = {
  F32: { dtype: 'float32', bytes: 4, array: Float32Array },
  I32: { dtype: 'int32', bytes: 4, array: Int32Array },
  BOOL: { dtype: 'bool', bytes: 1, array: Uint8Array },
  // Read from other programs' files, never written.
  F16: { dtype: 'float32', bytes: 2, array: Uint16Array },
  BF16: { dtype: 'float32', bytes: 2, array: Uint16Array },
  F64: { dtype: 'float32', bytes: 8, array: Float64Array },
  I64: { dtype: 'int32', bytes: 8, array: BigInt64Array },
  U8: { dtype: 'int32', bytes: 1, array: Uint8Array },
} as const;
type TypeName = keyof typeof TYPES;
const NAMES: Record<DType, TypeName> = { float32: 'F32', int32: 'I32', bool: 'BOOL' };

/**
 * Writes tensors and texts as one safetensors file: a little-endian u64 header length, a JSON header padded with
 * spaces to 8 bytes, then the numbers, little-endian. Larger elements come first so that every tensor is aligned.
 */
export function encodeSafetensors({ tensors, metadata }: Safetensors): Uint8Array {
  const entries = Object.entries(tensors).sort(
    ([, a], [, b]) => b.data.BYTES_PER_ELEMENT - a.data.BYTES_PER_ELEMENT,
  );
  let end = 0;
  const header: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  if (Object.keys(metadata).length > 0) header['__metadata__'] = metadata;
  for (const [name, { shape, dtype, data }] of entries) {
    if (name === '__metadata__') throw new RangeError('no tensor can be named __metadata__');
    const begin = end;
    end += data.byteLength;
    header[name] = { dtype: NAMES[dtype], shape, data_offsets: [begin, end] };
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const start = 8 + Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(start + end);
  bytes.fill(0x20, 8, start);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(start - 8), true);
  bytes.set(json, 8);
  let at = start;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file. The tensors are copies. Throws an Error that begins with `name` for a header that is too
 * large, no JSON, or names tensors that overlap, leave gaps, end outside the file or have a type that is not kept here.
 */
export function decodeSafetensors(bytes: Uint8Array, name: string): Safetensors {
  const fail = (problem: string) => new Error(`${name}: ${problem}`);
  if (bytes.length < 8) throw fail(`no safetensors file: ${bytes.length} bytes long`);
  const length = new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true);
  if (length > BigInt(Math.min(MOST_HEADER_BYTES, bytes.length - 8)))
    throw fail(`its header claims ${length} bytes; the file has ${bytes.length}`);
  const start = 8 + Number(length);
  const header = parseHeader(bytes.subarray(8, start), fail);

  const tensors: NamedTensors = Object.create(null) as NamedTensors;
  const ranges: [number, number][] = [];
  for (const [key, value] of Object.entries(header)) {
    if (key === '__metadata__') continue;
    const { type, shape, begin, end } = parseEntry(key, value, fail);
    if (end > bytes.length - start) throw fail(`${key} ends outside the file`);
    ranges.push([begin, end]);
    tensors[key] = {
      shape,
      dtype: TYPES[type].dtype,
      data: readValues(bytes.subarray(start + begin, start + end), type),
    };
  }
  ranges.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  let covered = 0;
  for (const [begin, end] of ranges) {
    if (begin !== covered) throw fail(`its tensors overlap or leave gaps at byte ${begin}`);
    covered = end;
  }
  if (covered !== bytes.length - start)
    throw fail(`its tensors cover ${covered} of ${bytes.length - start} bytes`);
  return { tensors, metadata: parseMetadata(header['__metadata__'], fail) };
}

type Fail = (problem: string) => Error;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function parseHeader(bytes: Uint8Array, fail: Fail): Record<string, unknown> {
  try {
    const header: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (isObject(header)) return header;
  } catch {
    // Answered below, like JSON that is no object.
  }
  throw fail('its header is no JSON object');
}

function parseEntry(key: string, value: unknown, fail: Fail) {
  const { dtype, shape, data_offsets: offsets } = isObject(value) ? value : {};
  if (typeof dtype !== 'string' || !Object.hasOwn(TYPES, dtype))
    throw fail(`${key} has type ${String(dtype)}; known are ${Object.keys(TYPES).join(', ')}`);
  if (!areCounts(shape)) throw fail(`${key} has no valid shape: ${JSON.stringify(shape)}`);
  if (!areCounts(offsets) || offsets.length !== 2)
    throw fail(`${key} has no valid data_offsets: ${JSON.stringify(offsets)}`);
  const type = dtype as TypeName;
  const [begin, end] = offsets as [number, number];
  if (end - begin !== sizeOf(shape) * TYPES[type].bytes)
    throw fail(`${key} has shape (${shape}) of ${type} in ${end - begin} bytes`);
  return { type, shape, begin, end };
}

function areCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && (n as number) >= 0);
}

function readValues(bytes: Uint8Array, type: TypeName): TensorValues {
  const copy = new Uint8Array(bytes);
  const values = new TYPES[type].array(copy.buffer);
  if (type === 'F16') return fromFloat16(values as Uint16Array);
  // The upper half of float32's bits.
  if (type === 'BF16')
    return new Float32Array(Uint32Array.from(values as Uint16Array, (bits) => bits << 16).buffer);
  if (values instanceof Float64Array) return Float32Array.from(values);
  if (values instanceof BigInt64Array || type === 'U8')
    return Int32Array.from(values as ArrayLike<number | bigint>, Number);
  return values as TensorValues;
}

function parseMetadata(value: unknown, fail: Fail): Record<string, string> {
  if (value === undefined) return {};
  if (!isObject(value) || !Object.values(value).every((text) => typeof text === 'string'))
    throw fail('its __metadata__ must map texts to texts');
  return value as Record<string, string>;
}
