import { spawn } from 'node:child_process';
import type { z } from 'zod';
import type { RunSummary } from '../../shared/api/contract.ts';
import type { RunEventBody } from '../../shared/api/events.ts';
import type { commandConfig, webhookConfig } from '../../shared/keras/callbacks/end-configs.ts';
import { isTrusted, type Hook } from './trusted-hooks.ts';

/**
 * Runs what a run's settings ask for at its end: a command gets the result as JSON on its input, and in
 * `MATRYOSHKA_RUN` and `MATRYOSHKA_STATE`; a webhook gets it posted. Gives a warning for each that failed; the run is
 * what it is in any case.
 */
export async function tellEnd(summary: RunSummary): Promise<RunEventBody[]> {
  const hooks = summary.settings.callbacks.filter(
    (callback): callback is Hook =>
      callback.class_name === 'Command' || callback.class_name === 'Webhook',
  );
  const warnings: RunEventBody[] = [];
  for (const hook of hooks) {
    const problem = await carryOut(hook, summary).catch((error: Error) => error.message);
    if (problem !== null)
      warnings.push({
        type: 'callback',
        callback: hook.class_name,
        step: summary.lastStep,
        epoch: summary.lastEpoch?.epoch ?? 0,
        action: 'warn',
        message: problem,
      });
  }
  return warnings;
}

/** What went wrong; null when nothing did. */
async function carryOut(hook: Hook, summary: RunSummary): Promise<string | null> {
  if (!(await isTrusted(hook)))
    return 'it came with the project and was not done; set it in the training form to allow it here';
  return hook.class_name === 'Command'
    ? command(hook.config, summary)
    : webhook(hook.config, summary);
}

/** What a hook is told of a run. */
function resultOf(summary: RunSummary): object {
  const { id, number, folder, state, error, created, settings, engine, lastStep, lastEpoch } =
    summary;
  return { event: 'run-ended', id, number, folder, state, error, created, ended: Date.now(), model: settings.model, engine, lastStep, lastEpoch }; // prettier-ignore
}

function command(
  { command: [program, ...args], shell, timeout }: z.infer<typeof commandConfig>,
  summary: RunSummary,
): Promise<string | null> {
  const line = [program!, ...args].join(' ');
  let resolve = (_problem: string | null) => {};
  const promise = new Promise<string | null>((done) => (resolve = done));
  // A group of its own, so that what it started ends with it.
  const child = spawn(shell ? line : program!, shell ? [] : args, {
    cwd: summary.folder,
    env: { ...process.env, MATRYOSHKA_RUN: summary.folder, MATRYOSHKA_STATE: summary.state },
    shell,
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  });
  let words = '';
  let late = false;
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-2000);
  });
  const timer = setTimeout(() => {
    late = true;
    end(child.pid);
    child.stderr.destroy();
  }, timeout * 1000);
  child.on('error', (error) => resolve(`${program}: ${error.message}`));
  child.on('close', (code, signal) => {
    clearTimeout(timer);
    const last = words.trim().split('\n').at(-1) ?? '';
    if (late) resolve(`${program} took longer than ${timeout} s and was ended`);
    else if (code === 0) resolve(null);
    else resolve(`${program} ended with ${signal ?? `exit code ${code}`}${last && `: ${last}`}`);
  });
  // A command need not read what it is told.
  child.stdin.on('error', () => {});
  child.stdin.end(`${JSON.stringify(resultOf(summary))}\n`);
  return promise.finally(() => clearTimeout(timer));
}

function end(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, 'SIGKILL');
  } catch {
    // It has ended by itself meanwhile.
  }
}

async function webhook(
  { url, timeout }: z.infer<typeof webhookConfig>,
  summary: RunSummary,
): Promise<string | null> {
  const { host } = new URL(url);
  try {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(resultOf(summary)),
      signal: AbortSignal.timeout(timeout * 1000),
    });
    await answer.body?.cancel();
    return answer.ok ? null : `${host} answered ${answer.status} ${answer.statusText}`.trim();
  } catch (error) {
    const { name, message, cause } = error as Error;
    if (name === 'TimeoutError') return `${host} did not answer within ${timeout} s`;
    return `${host}: ${cause instanceof Error ? cause.message : message}`;
  }
}
