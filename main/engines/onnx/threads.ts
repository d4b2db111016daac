import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus } from 'node:os';

/** More threads than this gain little on programs of the size that people train here. */
const MOST_THREADS = 8;

/** How many threads to use unless told: one a physical core that this process may use, at most 8. */
export function defaultThreads(): number {
  return Math.max(1, Math.min(availableParallelism(), physicalCores(), MOST_THREADS));
}

/** Two logical processors of one core share its arithmetic units, so a second thread there gains nothing. */
function physicalCores(): number {
  const logical = cpus().length || 1;
  try {
    const siblings = Array.from({ length: logical }, (_, cpu) =>
      readFileSync(`/sys/devices/system/cpu/cpu${cpu}/topology/thread_siblings_list`, 'utf8'),
    );
    return new Set(siblings).size;
  } catch {
    return arch() === 'x64' && logical > 2 ? Math.ceil(logical / 2) : logical;
  }
}
