import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';

const root = resolve(import.meta.dirname, '../../..');
const unix = process.platform !== 'win32';

/** A folder of its own, gone when the test is over. */
async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-start-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder that passes for Electron's, with a shell script in place of its executable. */
async function makeElectron(script: string): Promise<string> {
  const folder = await makeFolder();
  await writeFile(join(folder, 'electron'), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, 'electron'), 0o755);
  return folder;
}

/** Runs `npm start`'s script on this very project; `said` waits until its output fits. */
function start(args: readonly string[], env: NodeJS.ProcessEnv) {
  const child = spawn(process.execPath, [join(root, 'main/setup/start.mjs'), ...args], {
    cwd: root,
    env: { ...process.env, DISPLAY: '', WAYLAND_DISPLAY: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const exit = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  return {
    exit,
    end: () => child.kill('SIGINT'),
    async said(pattern: RegExp): Promise<RegExpExecArray> {
      for (;;) {
        const match = pattern.exec(output);
        if (match) return match;
        const more = await Promise.race([exit, once(child.stdout, 'data')]);
        if (!Array.isArray(more)) throw new Error(`It ended without saying ${pattern}:\n${output}`);
      }
    },
  };
}

const address = /The studio is at (http:\/\/127\.0\.0\.1:\d+\/\S*)/;

describe.skipIf(!unix)('npm start', () => {
  test('serves the studio where there is no display, in less than 5 s, and ends on Ctrl-C', async () => {
    const begin = performance.now();
    const studio = start(['--project', await makeFolder()], {});
    const [, url = ''] = await studio.said(address);
    expect(performance.now() - begin).toBeLessThan(5000);
    await studio.said(/Serving the studio to the browser \(there is no display\)/);
    expect(await (await fetch(url)).text()).toContain('<title>');
    studio.end();
    expect((await studio.exit).code).toBe(0);
  });

  test('opens Electron where it is there, on the project, and ends with it', async () => {
    const folder = await makeFolder();
    const electron = await makeElectron(`echo "$@" > "${folder}/args"`);
    const env = { DISPLAY: ':99', ELECTRON_OVERRIDE_DIST_PATH: electron };
    const { code, output } = await start([folder], env).exit;
    expect(output).toContain(`Opening the studio in Electron (${join(electron, 'electron')})`);
    expect(await readFile(join(folder, 'args'), 'utf8')).toBe(`${root} ${folder}\n`);
    expect(code).toBe(0);
  });

  test('serves the studio where Electron does not start', async () => {
    const electron = await makeElectron('exit 1');
    const env = { DISPLAY: ':99', ELECTRON_OVERRIDE_DIST_PATH: electron, BROWSER: 'none' };
    const studio = start(['--project', await makeFolder()], env);
    await studio.said(/Serving the studio to the browser \(Electron did not start\)/);
    await studio.said(address);
  });

  test('says so where the desktop app is asked for and can not open', async () => {
    const env = { ELECTRON_OVERRIDE_DIST_PATH: await makeFolder() };
    const { code, output } = await start(['--desktop'], env).exit;
    expect(output).toMatch(/The desktop app can't open: .*\n$/);
    expect(code).toBe(1);
  });
});
