import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';

/** The command line as it is built. */
export const program = resolve(import.meta.dirname, '../../../dist/main/cli.js');

/** How a command ended, and what it said. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that is under way. */
export interface Running {
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once the text stands on stdout; rejects when the command ends before. */
  said(text: string): Promise<void>;
}

/** Starts `matryoshka` with these arguments in a folder. */
export function start(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}): Running {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { ...process.env, COLUMNS: '80', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  let heard = () => {};
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    heard();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number, stdout, stderr }));
  const said = (text: string) =>
    new Promise<void>((done, reject) => {
      heard = () => stdout.includes(text) && done();
      heard();
      void ended.then(() => reject(new Error(`ended before ${text}:\n${stdout}\n${stderr}`)));
    });
  return { process: child, ended, said };
}

/** Runs `matryoshka` with these arguments to its end. */
export function run(
  args: readonly string[],
  cwd = import.meta.dirname,
  env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  return start(args, cwd, env).ended;
}

/** A golden summary's file. */
export function goldenFile(name: string): string {
  return join(import.meta.dirname, '../../goldens/summaries', name);
}
