import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { tensor, type DType, type TensorData } from '../../shared/program/tensor.ts';

/** A tensor as the golden files hold it. */
export interface GoldenTensor {
  readonly shape: number[];
  readonly dtype: DType;
  readonly data?: number[];
  readonly base64?: string;
}

/** Reads `test/goldens/<name>.json`. */
export function readGolden<T>(name: string): T {
  const file = fileURLToPath(new URL(`../goldens/${name}.json`, import.meta.url));
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

/** The numbers of a golden tensor. */
export function goldenTensor({ shape, dtype, data, base64 }: GoldenTensor): TensorData {
  if (data) return tensor(data, shape, dtype);
  const bytes = Uint8Array.from(Buffer.from(base64!, 'base64'));
  if (dtype === 'bool') return { shape, dtype, data: bytes };
  const Values = dtype === 'float32' ? Float32Array : Int32Array;
  return { shape, dtype, data: new Values(bytes.buffer) };
}

/** The largest absolute difference, relative to the largest expected number (at least 1). */
export function relativeDifference(
  received: ArrayLike<number>,
  expected: ArrayLike<number>,
): number {
  let scale = 1;
  let difference = received.length === expected.length ? 0 : Infinity;
  for (let i = 0; i < expected.length; i++) {
    scale = Math.max(scale, Math.abs(expected[i]!));
    difference = Math.max(difference, Math.abs(received[i]! - expected[i]!));
  }
  return difference / scale;
}
