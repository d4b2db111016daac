import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A process that runs probe-child.ts, whoever started it. A trainer's process has the same form. */
export interface ProbeProcess {
  readonly channel: {
    post(message: unknown): void;
    onMessage(listener: (message: unknown) => void): void;
  };
  /** Resolves once the process has ended, or could not be started. */
  readonly exit: Promise<{ readonly code: number | null; readonly signal: string | null }>;
  /** What it wrote to its error output, or why it could not be started. */
  lastWords(): string;
  kill(signal: 'SIGKILL'): void;
}

/** Starts a probe's process with these variables added to its environment: each host has its own way. */
export type StartProbe = (env: Readonly<Record<string, string>>) => ProbeProcess;

/** The built program of the probe's process, found from here upwards; null when it is not built. */
function findProbeEntry(folder = import.meta.dirname): string | null {
  const entry = join(folder, 'dist/main/probe.js');
  if (existsSync(entry)) return entry;
  const above = dirname(folder);
  return above === folder ? null : findProbeEntry(above);
}

/**
 * Whether this process can fork Node programs. Electron's own processes can't be trusted to: with the fuse
 * `runAsNode` off, a fork opens the app again.
 */
export function canFork(): boolean {
  const { versions, type } = process as NodeJS.Process & { type?: string };
  return versions['electron'] === undefined || type === undefined;
}

let owner: StartProbe | undefined;

/** Says how this process has probes started, where it can't fork. */
export function startProbesBy(start: StartProbe): void {
  owner = start;
}

/** How this process starts probes; undefined where it can't. */
export function probeStarter(): StartProbe | undefined {
  const entry = findProbeEntry();
  return owner ?? (entry !== null && canFork() ? forkProbe(entry) : undefined);
}

/** How many of a probe's last characters are kept: TensorFlow says what it misses at its start. */
const WORDS_KEPT = 20_000;

/** Starts the probe as a child of this Node process. */
export function forkProbe(entry: string): StartProbe {
  return (env) => {
    const child = fork(entry, [], {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: [],
      env: { ...process.env, ...env },
    });
    let words = '';
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      words = (words + text).slice(-WORDS_KEPT);
    });
    const exit = new Promise<Awaited<ProbeProcess['exit']>>((resolve) => {
      child.on('close', (code, signal) => resolve({ code, signal }));
      child.on('error', (error) => {
        words += error.message;
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    return {
      channel: {
        post: (message) => void (child.connected && child.send(message as object, () => {})),
        onMessage: (listener) => void child.on('message', listener),
      },
      exit,
      lastWords: () => words.trim(),
      kill: (signal) => void child.kill(signal),
    };
  };
}
