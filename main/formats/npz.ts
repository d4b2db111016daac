import { fromFloat16 } from './float16.ts';
import { sizeOf, type NamedTensors, type TensorData } from '../../shared/program/tensor.ts';

/** A NumPy header may be so long. */
const MOST_HEADER = 1 << 16;

/** The arrays of an `.npz` archive by name. Throws an Error that begins with `name` for what is broken or no number. */
export function readNpz(members: ReadonlyMap<string, Buffer>, name: string): NamedTensors {
  if (members.size === 0) throw new Error(`${name}: it holds no NumPy array`);
  return Object.fromEntries(
    [...members].map(([member, content]) => [
      member.replace(/\.npy$/, ''),
      readNpy(content, `${name}: ${member}`),
    ]),
  );
}

/** An array of a `.npy` file as float32, int32 or bool. Format: numpy.lib.format. */
function readNpy(bytes: Buffer, name: string): TensorData {
  if (bytes.length < 12 || bytes.subarray(0, 6).toString('latin1') !== '\x93NUMPY')
    throw new Error(`${name}: expected a NumPy array`);
  const long = bytes[6]! > 1;
  const length = long ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
  const start = (long ? 12 : 10) + length;
  if (length > MOST_HEADER || start > bytes.length) throw new Error(`${name}: it ends too early`);
  const header = bytes.subarray(long ? 12 : 10, start).toString('latin1');
  const type = /'descr'\s*:\s*'([<>|=]?\w+\??|[|]?\?)'/.exec(header)?.[1];
  const dims = /'shape'\s*:\s*\(([\d,\s]*)\)/.exec(header)?.[1];
  if (type === undefined || dims === undefined)
    throw new Error(`${name}: its header says no type and shape that are read here`);
  const shape = dims
    .split(',')
    .map((dim) => dim.trim())
    .filter(Boolean)
    .map(Number);
  const content = new Uint8Array(bytes.subarray(start));
  const data = numbersOf(content, type, sizeOf(shape), name);
  const fortran = /'fortran_order'\s*:\s*True/.test(header);
  const dtype =
    data instanceof Float32Array ? 'float32' : data instanceof Int32Array ? 'int32' : 'bool';
  return { shape, dtype, data: fortran ? byRows(data, shape) : data };
}

const WIDTHS: Readonly<Record<string, number>> = {
  f2: 2, f4: 4, f8: 8, i1: 1, u1: 1, i2: 2, u2: 2, i4: 4, u4: 4, i8: 8, u8: 8, b1: 1, '?': 1,
}; // prettier-ignore

function numbersOf(bytes: Uint8Array<ArrayBuffer>, type: string, size: number, name: string) {
  const kind = type.replace(/^[<>|=]/, '');
  const width = Object.hasOwn(WIDTHS, kind) ? WIDTHS[kind]! : 0;
  if (width === 0) throw new Error(`${name}: elements of type ${type} are not read`);
  if (size * width !== bytes.length)
    throw new Error(`${name}: its shape has ${size} numbers; it holds ${bytes.length / width}`);
  if (type.startsWith('>'))
    for (let at = 0; at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
  const { buffer } = bytes;
  switch (kind) {
    case 'f2':
      return fromFloat16(new Uint16Array(buffer));
    case 'f4':
      return new Float32Array(buffer);
    case 'f8':
      return Float32Array.from(new Float64Array(buffer));
    case 'b1':
    case '?':
      return new Uint8Array(buffer);
    default:
      return integers(buffer, kind, name);
  }
}

function integers(buffer: ArrayBuffer, kind: string, name: string): Int32Array<ArrayBuffer> {
  const arrays = {
    i1: Int8Array, u1: Uint8Array, i2: Int16Array, u2: Uint16Array, i4: Int32Array,
    u4: Uint32Array, i8: BigInt64Array, u8: BigUint64Array,
  }; // prettier-ignore
  const list = new arrays[kind as keyof typeof arrays](buffer) as ArrayLike<number | bigint>;
  const whole = Int32Array.from(list, Number);
  if (whole.some((number, i) => number !== Number(list[i])))
    throw new Error(`${name}: it holds numbers beyond 32 bits`);
  return whole;
}

/** Numbers that lie by columns, by rows. */
function byRows<T extends Float32Array | Int32Array | Uint8Array>(data: T, shape: number[]): T {
  const rows = data.slice() as T;
  const place = shape.map(() => 0);
  const steps = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  for (let i = 0; i < rows.length; i++) {
    rows[i] = data[place.reduce((at, index, axis) => at + index * steps[axis]!, 0)]!;
    for (let axis = shape.length - 1; axis >= 0 && ++place[axis]! === shape[axis]; axis--)
      place[axis] = 0;
  }
  return rows;
}
