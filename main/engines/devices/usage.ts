import { availableParallelism, totalmem } from 'node:os';
import type { DeviceUsage, GpuUsage } from '../../../shared/api/engines.ts';
import type { Gpu } from './gpu.ts';

/** How often it is told, in ms. */
const INTERVAL_MS = 2000;

/** A driver that sleeps takes some seconds to answer. */
const PATIENCE_MS = 5000;

/** What a GPU is used for now; null where its driver does not tell in time. */
export function usageNow(gpu: Gpu, patience = PATIENCE_MS): Promise<GpuUsage | null> {
  return new Promise((resolve) => {
    const end = (usage: GpuUsage | null) => {
      clearTimeout(timer);
      resolve(usage);
      // A GPU may tell before it has given the way to end it.
      queueMicrotask(() => stop());
    };
    const timer = setTimeout(end, patience, null);
    const stop = gpu.watch(end, INTERVAL_MS);
  });
}

/**
 * Tells what this process takes of the machine every two seconds, and what `gpu` is used for where there is one,
 * until what it returns is called. It costs next to nothing: a few numbers of the system's.
 */
export function watchUsage(
  tell: (usage: DeviceUsage) => void,
  gpu: Gpu | null,
  interval = INTERVAL_MS,
): () => void {
  let ofGpu: GpuUsage | undefined;
  const endGpu = gpu?.watch((usage) => (ofGpu = usage), interval);
  let last = { time: performance.now(), cpu: process.cpuUsage() };
  const timer = setInterval(() => {
    const now = { time: performance.now(), cpu: process.cpuUsage() };
    const used = now.cpu.user + now.cpu.system - last.cpu.user - last.cpu.system;
    const cpu = used / 1000 / (now.time - last.time);
    last = now;
    tell({
      cpu,
      processors: availableParallelism(),
      memory: process.memoryUsage.rss(),
      machineMemory: totalmem(),
      ...(ofGpu && { gpu: ofGpu }),
    });
  }, interval);
  timer.unref();
  return () => {
    clearInterval(timer);
    endGpu?.();
  };
}
