import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeProject, runScript } from './project.ts';

/** A project without packages and a script of its set-up. */
const makeScript = (script: string) =>
  makeProject({
    'package.json': '{"name":"probe","version":"1.0.0"}',
    'package-lock.json': '{"lockfileVersion":3,"packages":{"":{}}}',
    'main/setup/probe.mjs': script,
  });

test('natives that are missing are named with what that costs, and nothing fails', async () => {
  const folder = await makeScript(`
    import { ensureNatives } from './natives.mjs';
    await ensureNatives();
  `);
  const { code, stderr } = await runScript(folder, 'probe.mjs');
  expect(code).toBe(0);
  expect(stderr).toMatch(
    /^@tensorflow\/tfjs-node is not here.*: no TensorFlow library on the CPU/m,
  );
  expect(stderr).toMatch(/^@tensorflow\/tfjs-node-gpu is not here.*: no CUDA through TensorFlow/m);
});

test('a download that failed says why and is not tried again the next time', async () => {
  const folder = await makeScript(`
    import { tryOnce } from './natives.mjs';
    import { run } from './steps.mjs';
    await tryOnce('Doll', 5, (seconds) =>
      run(process.execPath, ['-e', 'throw new Error("no such host")'], { seconds }));
    console.log('ready');
  `);
  const first = await runScript(folder, 'probe.mjs');
  expect(first.stderr).toMatch(
    /^Fetching Doll \(at most 5 s\) \.\.\. failed after \d+\.\d s\n {2}Error: no such host\n$/,
  );
  expect(first.stdout).toBe('ready\n');
  const second = await runScript(folder, 'probe.mjs');
  expect(second).toEqual({ code: 0, stdout: 'ready\n', stderr: '' });
});

test('a download that hangs is ended at its time limit, with the processes that it started', async () => {
  const folder = await makeScript(`
    import { tryOnce } from './natives.mjs';
    import { run } from './steps.mjs';
    const grandchild = \`
      setInterval(() => require('fs').writeFileSync('pulse', String(Date.now())), 50);\`;
    const child = \`
      require('child_process').spawnSync(process.execPath, ['-e', \${JSON.stringify(grandchild)}]);\`;
    await tryOnce('Doll', 1, (seconds) => run(process.execPath, ['-e', child], { seconds }));
  `);
  const start = performance.now();
  const { code, stderr } = await runScript(folder, 'probe.mjs');
  expect(performance.now() - start).toBeLessThan(5000);
  expect(code).toBe(0);
  expect(stderr).toContain('stopped after 1 s');
  const pulse = () => readFile(join(folder, 'pulse'), 'utf8');
  const last = await pulse();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(await pulse()).toBe(last);
});
