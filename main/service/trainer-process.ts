import type { Channel } from '../../shared/api/channel.ts';

/** How a process ended: its exit code, or the signal that ended it where that is known. */
export interface ProcessExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A process that runs the trainer's entry, whoever started it. */
export interface TrainerProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Speaks TrainerService. Closes when the process ends. */
  readonly channel: Channel;
  /** Resolves once the process has ended, or could not be started. */
  readonly exit: Promise<ProcessExit>;
  /** The last that it wrote to its error output, or why it could not be started. */
  lastWords(): string;
  /** Sends a signal; does nothing when the process has ended. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
}

/**
 * Starts a process, each host in its own way: the trainer, unless it is told another program, with variables added to
 * its environment.
 */
export type StartTrainer = (
  entry?: string,
  env?: Readonly<Record<string, string>>,
) => TrainerProcess;

/**
 * Node's own arguments for a trainer: a young generation of at most 3 x 4 MiB. Left to itself it grows to four times
 * that over thousands of steps, without being of use to them.
 */
export const trainerArguments = ['--max-semi-space-size=4'];

/**
 * glibc's allocator: large buffers on huge pages, which halves what a step of ten million parameters takes; buffers up
 * to 4 MiB from memory that is kept, larger ones given back; two heaps at most, so that a long run's memory does not
 * fall into pieces and grow.
 */
const MALLOC = { arena_max: 2, hugetlb: 1, mmap_threshold: 4 << 20, trim_threshold: 64 << 20 };

/** What a trainer's environment holds unless told: TensorFlow takes GPU memory as it needs it, and says little. */
const ENVIRONMENT = {
  TF_FORCE_GPU_ALLOW_GROWTH: 'true',
  TF_CPP_MIN_LOG_LEVEL: '1',
  GLIBC_TUNABLES: Object.entries(MALLOC)
    .map(([name, value]) => `glibc.malloc.${name}=${value}`)
    .join(':'),
};

/** The environment of a trainer. */
export function trainerEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  return { ...ENVIRONMENT, ...process.env, ...env };
}

/** Keeps the last 20,000 characters of a process's error output: TensorFlow says at its start what it misses. */
export function keepLastWords(output: NodeJS.ReadableStream | null): () => string {
  let text = '';
  output?.setEncoding('utf8').on('data', (chunk: string) => {
    text = (text + chunk).slice(-20_000);
  });
  return () => text.trim();
}
