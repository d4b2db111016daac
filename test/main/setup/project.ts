import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');

/** How a command ended, and what it said. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder with the real set-up scripts and the files given by path, gone when the test is over. */
export async function makeProject(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-setup-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await cp(join(root, 'main/setup'), join(folder, 'main/setup'), { recursive: true });
  for (const [path, text] of Object.entries(files)) {
    await cp(join(root, 'LICENSE'), join(folder, path));
    await writeFile(join(folder, path), text);
  }
  return folder;
}

/** Runs a set-up script of a project with Node, and these arguments before and after it. */
export async function runScript(
  folder: string,
  script: string,
  args: readonly string[] = [],
  { nodeArgs = [], env = {} }: { nodeArgs?: readonly string[]; env?: NodeJS.ProcessEnv } = {},
): Promise<Outcome> {
  const child = spawn(
    process.execPath,
    [...nodeArgs, join(folder, 'main/setup', script), ...args],
    { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stdout, stderr };
}
