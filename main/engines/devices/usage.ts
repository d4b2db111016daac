import { availableParallelism, totalmem } from 'node:os';
import type { DeviceUsage, GpuUsage } from '../../../shared/api/engines.ts';
import type { Gpu } from './gpu.ts';

/** How often it is told, in ms. */
const INTERVAL_MS = 2000;

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
