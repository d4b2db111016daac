import type { Candidate } from './candidates.ts';
import { gpuTrouble, loadingTrouble } from './troubles.ts';

/** How a probe's process ended, in plain words, with the last line that it wrote. */
export function explainExit(
  { code, signal }: { readonly code: number | null; readonly signal: string | null },
  lastWords: string,
): string {
  const last = lastWords.split('\n').at(-1)?.trim();
  const words = last ? `; its last words: ${last}` : '';
  if (signal === 'SIGILL')
    return `it crashed (SIGILL): its library was built for another processor${words}`;
  if (signal === 'SIGBUS')
    return `it crashed (SIGBUS), as a file does that was not written to its end${words}`;
  if (signal !== null) return `it crashed (${signal})${words}`;
  if (code === null) return `its process could not be started${words}`;
  return `its process ended with code ${code}${words}`;
}

/**
 * Why a candidate failed, in plain words where the library's own are known, and what the user can do; else the error's
 * first line. `lastWords` is what its process wrote.
 */
export function explainError(
  { engine, provider }: Candidate,
  error: string,
  lastWords: string,
): string {
  const words = `${error}\n${lastWords}`;
  const trouble =
    (provider === 'tfjs-node-gpu' ? gpuTrouble(words) : null) ??
    loadingTrouble(engine, provider, words);
  return trouble ?? error.split('\n')[0]!;
}

/** Why TensorFlow computes on the CPU in place of the GPU, from what it wrote when it looked for one. */
export function explainCpu(lastWords: string): string {
  return `it computes on the CPU: ${gpuTrouble(lastWords) ?? 'TensorFlow found no GPU that it can use'}`;
}

/** The GPU that TensorFlow says it made a device of, with its memory in bytes; null where it made none. */
export function gpuMade(lastWords: string): { name: string; memory: number } | null {
  const made = /device:GPU:0 with (\d+) MB memory:.*? name: ([^,\n]+), pci bus id/.exec(lastWords);
  return made && { name: made[2]!.trim(), memory: Number(made[1]) * 2 ** 20 };
}
