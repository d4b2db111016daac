import type { Gpu } from './gpu.ts';
import { nvidiaGpus } from './nvidia.ts';
import { sysfsGpus } from './sysfs.ts';

/** The ways to a GPU that only NVIDIA's go. */
const CUDA: readonly string[] = ['tfjs-node-gpu', 'cuda'];

/**
 * The GPU that a provider computes on, as its driver tells of it; null where that is not known. CUDA takes the first
 * that it may use; which one WebGPU, DirectML or CoreML take is only known where the machine has but one.
 */
export async function gpuOf(provider: string): Promise<Gpu | null> {
  const nvidia = await nvidiaGpus();
  if (CUDA.includes(provider)) return nvidia[0] ?? null;
  const all = [...nvidia, ...(await sysfsGpus())];
  return all.length === 1 ? all[0]! : null;
}
