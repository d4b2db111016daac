import type { Tensor } from '@tensorflow/tfjs-core';
import type { DType, TensorData } from '../../../shared/program/tensor.ts';
import type { Tf } from './kernels/kernel.ts';

/** A tensor on the device. The numbers are copied: tfjs would share the array. */
export function upload(tf: Tf, { data, shape, dtype }: TensorData): Tensor {
  return tf.tensor(data.slice(), [...shape], dtype);
}

/** The numbers of a tensor, copied from the device. */
export async function download(tensor: Tensor): Promise<TensorData> {
  const dtype = tensor.dtype as DType;
  const numbers = await tensor.data();
  const arrays = { float32: Float32Array, int32: Int32Array, bool: Uint8Array };
  return { shape: [...tensor.shape], dtype, data: new arrays[dtype](numbers) };
}
