import { createHash } from 'node:crypto';
import type { NamedTensors, TensorData } from '../../../shared/program/tensor.ts';

/** `28,241` */
export function counted(n: number, noun: string): string {
  return `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
}

/** How many bytes, and the beginning of their SHA-256: `74,688 bytes, sha256 5f2c9a31`. */
export function fingerprint(tensors: readonly TensorData[]): string {
  const hash = createHash('sha256');
  let bytes = 0;
  for (const { data } of tensors) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    bytes += data.byteLength;
  }
  return `${counted(bytes, 'byte')}, sha256 ${hash.digest('hex').slice(0, 8)}`;
}

/** Whether two lists of tensors have the same shapes and the same bits. */
export function sameBits(a: readonly TensorData[], b: readonly TensorData[]): boolean {
  return a.length === b.length && a.every((one, i) => same(one, b[i]!));
}

function same(a: TensorData, b: TensorData): boolean {
  const bytes = ({ data }: TensorData) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return String(a.shape) === String(b.shape) && bytes(a).equals(bytes(b));
}

/** The largest difference between two elements at the same place. */
export function largestDifference(a: readonly TensorData[], b: readonly TensorData[]): number {
  let largest = 0;
  a.forEach(({ data }, i) =>
    data.forEach((value, at) => {
      largest = Math.max(largest, Math.abs(value - b[i]!.data[at]!));
    }),
  );
  return largest;
}

/** The tensors with these names, in this order. */
export function pick(tensors: NamedTensors, names: readonly string[]): TensorData[] {
  return names.map((name) => tensors[name]!);
}
