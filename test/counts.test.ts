import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';

const modules = resolve(import.meta.dirname, '../node_modules');

/** Runs these tests with the reporter alone, and gives what the run printed last and its exit code. */
async function lastLine(code: string): Promise<[line: string | undefined, code: number | null]> {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-counts-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await symlink(modules, join(folder, 'node_modules'));
  await writeFile(
    join(folder, 'it.test.js'),
    `import { beforeAll, describe, expect, test } from 'vitest';\n${code}`,
  );
  const reporters = ['default', join(import.meta.dirname, 'counts.ts')];
  const flags = reporters.map((reporter) => `--reporter=${reporter}`);
  const vitest = join(modules, 'vitest/vitest.mjs');
  const child = spawn(process.execPath, [vitest, 'run', '--root', folder, ...flags]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  return [output.trimEnd().split('\n').at(-1), exitCode];
}

test('the last line of a run counts what passed, failed and was skipped', async () => {
  const tests = `
    test('a', () => {});
    test('b', () => expect(1).toBe(1));
    test('c', () => expect(1).toBe(2));
    test.skip('d', () => {});
  `;
  expect(await lastLine(tests)).toEqual(['2 passed, 1 failed, 1 skipped', 1]);
});

test('a run without trouble says no more than that', async () => {
  expect(await lastLine("test('a', () => {});")).toEqual(['1 passed, 0 failed', 0]);
});

test('a file that breaks before its tests counts as a failure', async () => {
  expect(await lastLine("throw new Error('broken');")).toEqual(['0 passed, 1 failed', 1]);
});

test('a suite whose set-up breaks counts as a failure', async () => {
  const suite = `
    describe('suite', () => {
      beforeAll(() => Promise.reject(new Error('broken')));
      test('a', () => {});
    });
  `;
  expect(await lastLine(suite)).toEqual(['0 passed, 1 failed, 1 skipped', 1]);
});
