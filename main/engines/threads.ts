import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus } from 'node:os';

/** More threads than this gain little on programs of the size that people train here. */
const MOST_THREADS = 8;

/** The variable by which a user says how many threads engines use. */
const THREADS_VARIABLE = 'MATRYOSHKA_THREADS';

/** How many threads the user wants, by the environment; null when it does not say. Throws when it is no such number. */
export function wantedThreads(text = process.env[THREADS_VARIABLE]): number | null {
  if (text === undefined || text.trim() === '') return null;
  const threads = Number(text);
  if (!Number.isSafeInteger(threads) || threads < 1)
    throw new RangeError(
      `${THREADS_VARIABLE} must be a whole number of at least 1; got ${JSON.stringify(text)}`,
    );
  return threads;
}

/** How many threads to use: what the user wants, else one a physical core that this process may use, at most 8. */
export function defaultThreads(): number {
  return (
    wantedThreads() ?? Math.max(1, Math.min(availableParallelism(), physicalCores(), MOST_THREADS))
  );
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
