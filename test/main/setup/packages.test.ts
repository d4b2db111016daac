import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeProject, runScript } from './project.ts';

/** The files of a project that depends on a package which lies beside it, packed, so that no registry is needed. */
function filesOf(version: string, optional: Record<string, object> = {}): Record<string, string> {
  const dependencies = { doll: `file:doll-${version}.tgz` };
  const manifest = { name: 'probe', version: '1.0.0', dependencies };
  const doll = { version, resolved: dependencies.doll };
  const packages = { '': manifest, 'node_modules/doll': doll, ...optional };
  return {
    'package.json': JSON.stringify(manifest),
    'package-lock.json': JSON.stringify({ ...manifest, lockfileVersion: 3, packages }),
  };
}

/** A project whose script installs what is missing and tells whether it did. */
async function makeDependent(): Promise<string> {
  const folder = await makeProject({
    ...filesOf('1.0.0'),
    'main/setup/probe.mjs': `
      import { ensurePackages } from './packages.mjs';
      import { main } from './steps.mjs';
      main(async () => console.log(await ensurePackages()));
    `,
  });
  for (const name of await readdir(packed)) await cp(join(packed, name), join(folder, name));
  return folder;
}

const packed = await mkdtemp(join(tmpdir(), 'matryoshka-packed-'));
afterAll(() => rm(packed, { recursive: true }));
beforeAll(async () => {
  const source = join(packed, 'source');
  for (const version of ['1.0.0', '2.0.0']) {
    await mkdir(source, { recursive: true });
    await writeFile(join(source, 'package.json'), `{"name":"doll","version":"${version}"}`);
    await promisify(execFile)('npm', ['pack', './source'], { cwd: packed });
  }
  await rm(source, { recursive: true });
});

const write = (folder: string, files: Record<string, string>) =>
  Promise.all(Object.entries(files).map(([name, text]) => writeFile(join(folder, name), text)));

test('packages are installed once, in one line that says how long it took', async () => {
  const folder = await makeDependent();
  const first = await runScript(folder, 'probe.mjs');
  expect(first.stderr).toMatch(/^Installing packages \(npm ci\) \.\.\. \d+\.\d s\n$/);
  expect(first.stdout).toBe('true\n');
  // Neither npm nor anything else is on the PATH now, so an attempt to install would fail.
  const env = { PATH: '', npm_execpath: '' };
  const second = await runScript(folder, 'probe.mjs', [], { env });
  expect(second).toEqual({ code: 0, stdout: 'false\n', stderr: '' });
});

test('a lock file that changed installs again', async () => {
  const folder = await makeDependent();
  await runScript(folder, 'probe.mjs');
  await write(folder, filesOf('2.0.0'));
  expect((await runScript(folder, 'probe.mjs')).stdout).toBe('true\n');
  const installed = await readFile(join(folder, 'node_modules/doll/package.json'), 'utf8');
  expect(JSON.parse(installed)).toMatchObject({ version: '2.0.0' });
});

test('what is optional may be missing', async () => {
  const folder = await makeDependent();
  await runScript(folder, 'probe.mjs');
  const native = { version: '1.0.0', optional: true };
  await write(folder, filesOf('1.0.0', { 'node_modules/native': native }));
  expect((await runScript(folder, 'probe.mjs')).stdout).toBe('false\n');
  await write(folder, filesOf('1.0.0', { 'node_modules/native': { ...native, optional: false } }));
  expect((await runScript(folder, 'probe.mjs')).stderr).toContain('Installing packages');
});

test('packages that are gone are installed again', async () => {
  const folder = await makeDependent();
  await runScript(folder, 'probe.mjs');
  await rm(join(folder, 'node_modules'), { recursive: true });
  expect((await runScript(folder, 'probe.mjs')).stdout).toBe('true\n');
});

test('a registry out of reach is named as the cause, without a stack', async () => {
  const folder = await makeDependent();
  const remote = { name: 'probe', version: '1.0.0', dependencies: { doll: '1.0.0' } };
  const packages = { '': remote, 'node_modules/doll': { version: '1.0.0' } };
  await write(folder, {
    'package.json': JSON.stringify(remote),
    'package-lock.json': JSON.stringify({ ...remote, lockfileVersion: 3, packages }),
  });
  const env = {
    npm_config_registry: 'http://127.0.0.1:9',
    npm_config_fetch_retries: '0',
    npm_config_cache: join(folder, 'cache'),
  };
  const { code, stderr } = await runScript(folder, 'probe.mjs', [], { env });
  expect(code).toBe(1);
  expect(stderr).toContain('is the package registry within reach?');
  expect(stderr).toContain('ECONNREFUSED');
  expect(stderr).not.toContain('    at ');
});

test('a broken lock file is named', async () => {
  const folder = await makeDependent();
  await writeFile(join(folder, 'package-lock.json'), '{');
  const { code, stderr } = await runScript(folder, 'probe.mjs');
  expect(code).toBe(1);
  expect(stderr).toBe('package-lock.json is missing or broken: restore it with git.\n');
});

test.each(['start.mjs', 'test.mjs', 'check.mjs', 'build-all.mjs', 'package.mjs', 'matryoshka.mjs'])(
  '%s refuses an old Node before it does anything',
  async (script) => {
    const folder = await makeProject({});
    const old = "Object.defineProperty(process.versions, 'node', { value: '18.20.4' })";
    const nodeArgs = ['--import', `data:text/javascript,${encodeURIComponent(old)}`];
    const { code, stderr } = await runScript(folder, script, [], { nodeArgs });
    expect(code).toBe(1);
    expect(stderr).toContain('Matryoshka needs Node 20.19 or newer, and this is Node 18.20.4.');
    expect(stderr).not.toContain('...');
  },
);
