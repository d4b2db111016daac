import { totalmem } from 'node:os';
import { StudioError } from '../../shared/api/errors.ts';
import type { MemoryEstimate } from '../../shared/api/memory.ts';
import { largestBatch, memoryOf } from '../../shared/program/memory.ts';
import { compileModel, type CompiledModel } from '../../shared/program/step.ts';
import { gpuOf } from '../engines/devices/gpus.ts';
import type { TrainJob } from './contract.ts';

/** The share of the free memory that a training can count on. */
const USABLE = 0.9;

/** What a training would take, and whether the device that it is for has that. Throws as `compileModel`. */
export async function estimateMemory({
  model,
  settings,
}: Pick<TrainJob, 'model' | 'settings'>): Promise<MemoryEstimate> {
  const compiled = compileModel(model, settings.model, settings);
  const provider = settings.engine.split(':')[1];
  const gpu = provider !== undefined && provider !== 'cpu' ? await gpuOf(provider) : null;
  const device =
    gpu?.memory != null
      ? { kind: 'gpu' as const, free: gpu.memory, total: gpu.memory }
      : { kind: 'cpu' as const, ...freeMemory() };
  return {
    need: memoryOf(compiled, settings.batch_size),
    ...device,
    fits: largestBatch(compiled, usable(device.free), settings.batch_size),
  };
}

/** Bytes that this process can still take, and that the machine or its container has. */
function freeMemory(): { free: number; total: number } {
  const limit = process.constrainedMemory();
  const total = limit > 0 && limit < totalmem() ? limit : totalmem();
  return { free: Math.min(total, process.availableMemory()), total };
}

const usable = (free: number) => free * USABLE;

/**
 * The error of a step; one that says that memory is not enough also says a batch size that would fit: at most half of
 * the one that did not, and no more than what is free now holds.
 */
export function withBatchAdvice(error: unknown, compiled: CompiledModel, batch: number): unknown {
  if ((error as { code?: unknown } | null)?.code !== 'OUT_OF_MEMORY') return error;
  const half = Math.floor(batch / 2);
  const fits = half < 1 ? 0 : largestBatch(compiled, usable(freeMemory().free), half);
  const advice =
    fits > 0
      ? `a batch size of ${roundDown(fits)} instead of ${batch} should fit`
      : `even a batch size of 1 needs too much: a smaller model is needed`;
  const advised = new StudioError('OUT_OF_MEMORY', `${(error as Error).message}; ${advice}`);
  advised.cause = error;
  return advised;
}

/** The power of two at or below. */
function roundDown(size: number): number {
  return 2 ** Math.floor(Math.log2(size));
}
