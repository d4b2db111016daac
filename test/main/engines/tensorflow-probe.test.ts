import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { delimiter, dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Candidate } from '../../../main/engines/candidates.ts';
import { forkProbe, type StartProbe } from '../../../main/engines/probe-process.ts';
import type * as selecting from '../../../main/engines/select.ts';
import { gpuTrouble, loadingTrouble } from '../../../main/engines/troubles.ts';
import type * as probing from '../../../main/engines/probe.ts';
import { createOps } from '../../../shared/program/builder.ts';
import { scalar } from '../../../shared/program/tensor.ts';
import '../../libtensorflow-stand-in/load-addon.mjs';
import {
  installedPackage,
  installStandIn,
  LOADING,
  putAddon,
} from '../../libtensorflow-stand-in/install.ts';
import { MACHINE_VARIABLE, wordsOf } from '../../libtensorflow-stand-in/machine.ts';
import { bundleProgram } from '../service/bundle.ts';

/**
 * Real probes in real processes: tfjs-node's own JavaScript over the stand-in, which finds itself on other machines,
 * and over addons that the system's loader really refuses.
 */
const here = installedPackage('tfjs-node') !== null && installedPackage('tfjs-node-gpu') !== null;
if (!here)
  console.warn(
    '\n@tensorflow/tfjs-node and tfjs-node-gpu are not installed: probing them is NOT tested. ' +
      'npm install --ignore-scripts brings their JavaScript.\n',
  );

const cpu: Candidate = { engine: 'tensorflow', provider: 'tfjs-node' };
const gpu: Candidate = { engine: 'tensorflow', provider: 'tfjs-node-gpu' };

describe.skipIf(!here)('probing tfjs-node', () => {
  let folder: string;
  let probeNow: typeof probing.probeNow;
  let probeAll: typeof probing.probeAll;
  let entry: string;

  /** Starts the bundled probe on such a machine. No nvidia-smi tells more than the library does. */
  const on =
    (machine: string, seen: string[] = []): StartProbe =>
    (env) => {
      seen.push(env['CUDA_VISIBLE_DEVICES'] ?? 'all');
      return forkProbe(entry)({ ...env, NODE_OPTIONS: LOADING, [MACHINE_VARIABLE]: machine });
    };

  beforeAll(async () => {
    // Inside the repository, so that the bundles find what lies beside tfjs-node.
    folder = await mkdtemp(resolve('node_modules', '.tfjs-probe-test-'));
    for (const name of ['tfjs-node', 'tfjs-node-gpu'] as const) await installStandIn(folder, name);
    entry = await bundleProgram('main/engines/probe-child.ts', join(folder, 'probe.mjs'));
    // Whether a package is there is looked up from where the program lies: so the parent is bundled too.
    const parent = await bundleProgram('main/engines/probe.ts', join(folder, 'parent.mjs'));
    ({ probeNow, probeAll } = (await import(parent)) as typeof probing);
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('finds that the CPU package computes', async () => {
    const { installed, device, reason } = await probeNow(cpu, { start: on('cpu') });
    expect({ installed, reason }).toEqual({ installed: true, reason: undefined });
    expect(device).toMatchObject({ kind: 'cpu', provider: 'tfjs-node' });
    expect(device!.memory).toBeGreaterThan(2 ** 28);
  });

  it('computes with as many threads as the user wants', async () => {
    const wanting: StartProbe = (env) => on('cpu')({ ...env, MATRYOSHKA_THREADS: '3' });
    const { device } = await probeNow(cpu, { start: wanting });
    expect(device!.name).toBe('CPU, 3 threads');
  });

  it('names the GPU that really computes, and lets TensorFlow take its memory bit by bit', async () => {
    const { device, reason, env } = await probeNow(gpu, { start: on('gpu') });
    expect(reason).toBeUndefined();
    expect(device).toMatchObject({ kind: 'gpu', name: 'NVIDIA GeForce RTX 3090' });
    expect(device!.memory).toBeGreaterThan(20 * 2 ** 30);
    expect(env).toEqual({ TF_FORCE_GPU_ALLOW_GROWTH: 'true' });
  });

  it.skipIf(process.platform === 'win32')('reports what the GPU is used for now', async () => {
    const smi = join(folder, 'nvidia-smi');
    const rows = [
      `*=uuid,name,memory.total*) echo 'GPU-1, NVIDIA GeForce RTX 3090, 24576' ;;`,
      `*--loop-ms*) echo '37, 2048, 24576'; exec sleep 60 ;;`,
    ];
    await writeFile(smi, `#!/bin/sh\ncase "$*" in\n${rows.join('\n')}\nesac\n`);
    await chmod(smi, 0o755);
    const path = process.env['PATH'];
    process.env['PATH'] = folder + delimiter + path;
    try {
      const reports = await probeAll({ start: on('gpu') });
      expect(reports.find(({ provider }) => provider === 'tfjs-node-gpu')).toMatchObject({
        device: 'NVIDIA GeForce RTX 3090',
        kind: 'gpu',
        memory: 24 * 2 ** 30,
        memoryInUse: 2 ** 31,
        busy: 0.37,
      });
      expect(reports.find(({ provider }) => provider === 'cpu')).not.toHaveProperty('busy');
    } finally {
      process.env['PATH'] = path;
    }
  });

  it('says why it computes on the CPU in silence', async () => {
    const { device, reason } = await probeNow(gpu, { start: on('no-cudart') });
    expect(device?.kind).toBe('cpu');
    expect(reason).toMatch(
      /^it computes on the CPU: .*libcudart\.so\.11\.0, libcudnn\.so\.8 could not/,
    );
  });

  it.each([
    ['hopper', /gave no answer within 4 s: the NVIDIA H100 PCIe .* is newer than the CUDA 11\.2/],
    ['blackwell', /the NVIDIA GeForce RTX 5080 .* is newer .* Take the onnx engine/],
  ])('hides a GPU that fails, starts again, and says so: %s', async (machine, why) => {
    const seen: string[] = [];
    const { device, reason, env } = await probeNow(gpu, { start: on(machine, seen), limit: 4000 });
    expect(seen).toEqual(['all', '-1']);
    expect(device?.kind).toBe('cpu');
    expect(reason).toMatch(/^it computes on the CPU, for the GPU does not work with it: /);
    expect(reason).toMatch(why);
    expect(env).toMatchObject({ CUDA_VISIBLE_DEVICES: '-1' });
  });

  it('ends a probe that hangs when the process that started it has ended', async () => {
    const parent = spawn(
      process.execPath,
      [
        '-e',
        `const child = require('node:child_process').fork(process.argv[1], {
           serialization: 'advanced',
           stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
           env: { ...process.env, NODE_OPTIONS: process.argv[2], [process.argv[3]]: 'hopper' },
         });
         child.stderr.on('data', (words) => /H100/.test(words) && console.log(child.pid));
         child.send({ candidate: ${JSON.stringify(gpu)} });`,
        ...[entry, LOADING, MACHINE_VARIABLE],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [pid] = (await once(parent.stdout, 'data')) as [Buffer];
    const isAlive = () => {
      try {
        return process.kill(Number(pid), 0);
      } catch {
        return false;
      }
    };
    expect(isAlive()).toBe(true);
    parent.kill('SIGKILL');
    await expect.poll(isAlive, { timeout: 20_000 }).toBe(false);
  }, 30_000);

  it('takes the packages in their order, the GPU first, and says why one is passed over', async () => {
    const { select } = (await import(
      await bundleProgram('main/engines/select.ts', join(folder, 'select.mjs'))
    )) as typeof selecting;
    const ops = createOps();
    const w = ops.variable('w', []);
    const program = ops.program({ w }, { w: ops.add(w, ops.feed('x', [])) });
    const sample = { program, variables: { w: scalar(0) }, feeds: { x: scalar(1) } };
    const { engine, choice } = await select('tensorflow', { start: on('no-cudart'), sample });
    expect(choice).toMatchObject({ engine: 'tensorflow', provider: 'tfjs-node', kind: 'cpu' });
    expect(choice.reason).toMatch(
      /^tensorflow was asked for; the first that works: tensorflow \(tfjs-node\) on CPU/,
    );
    expect(choice.reason).toMatch(
      /tensorflow \(tfjs-node-gpu\): it computes on the CPU: .*libcudart\.so\.11\.0.* could not/,
    );
    await engine.dispose();
  });

  it('survives a library that ends the process, and says what the processor lacks', async () => {
    const { installed, device, reason } = await probeNow(cpu, { start: on('no-avx') });
    expect({ installed, device }).toEqual({ installed: true, device: undefined });
    expect(reason).toMatch(/^this processor has no AVX, which TensorFlow was built for/);
  });

  it.skipIf(process.platform !== 'linux')('says why the loader refuses an addon', async () => {
    const natives = dirname(
      createRequire(import.meta.url).resolve('onnxruntime-node/package.json'),
    );
    const real = (arch: string) =>
      readFile(join(natives, 'bin/napi-v6/linux', arch, 'onnxruntime_binding.node'));
    const other = process.arch === 'x64' ? 'arm64' : 'x64';
    const refused: [addon: Uint8Array | string, why: RegExp][] = [
      ['<html>Not found</html>'.repeat(100), /file is damaged.*npm rebuild @tensorflow\/tfjs-node/],
      // A real addon without the library that it was linked to.
      [await real(process.arch), /^libonnxruntime\.so\.1 could not be loaded\. .*npm rebuild/],
      [await real(other), /built for another processor/],
      // Cut off in the middle: the system ends the process when it reaches for the rest.
      [(await real(process.arch)).subarray(0, 20_000), /crashed \(SIG(BUS|SEGV)\)|damaged/],
    ];
    for (const [addon, why] of refused) {
      await putAddon(folder, 'tfjs-node', addon);
      const { installed, device, reason } = await probeNow(cpu, { start: forkProbe(entry) });
      expect({ installed, device }).toEqual({ installed: true, device: undefined });
      expect(reason).toMatch(why);
    }
  });

  it('does not require a package without its addon', async () => {
    await putAddon(folder, 'tfjs-node', null);
    const { installed, reason } = await probeNow(cpu, { start: on('cpu') });
    expect(installed).toBe(false);
    expect(reason).toMatch(
      /without its addon, .*tfjs_binding\.node.*npm rebuild @tensorflow\/tfjs-node/,
    );
  });
});

describe('what libtensorflow says of a GPU, and what to do about it', () => {
  it.each([
    ['no-cudnn', /cuDNN 8\.1, and libcudnn\.so\.8 could not be loaded\. Install them/],
    ['no-driver', /there is no NVIDIA driver\. Where there is an NVIDIA GPU, install/],
    ['no-gpu', /no NVIDIA GPU can be seen.*CUDA_VISIBLE_DEVICES/],
    ['driver-mismatch', /kernel module 515\.43\.4, library 515\.65\.1.*Restart the machine/],
    ['old-driver', /the NVIDIA driver is too old\. Update it: .* 450\.80/],
    [
      'old-gpu',
      /the Quadro K4200 is too old: it has compute capability 3\.0, .* needs 3\.5 or more$/,
    ],
    ['full-gpu', /the memory of the NVIDIA GeForce RTX 3090 .* is full\. Close what else uses it/],
  ])('%s', (machine, why) => {
    expect(gpuTrouble(wordsOf(machine))).toMatch(why);
  });
});

describe('what libraries say on other systems', () => {
  it.each([
    [
      "/lib/x86_64-linux-gnu/libc.so.6: version `GLIBC_2.28' not found (required by /x/tfjs_binding.node)",
      /too old for it: it needs GLIBC_2\.28/,
    ],
    [
      "dlopen(/x/tfjs_binding.node, 0x0001): tried: '/x/tfjs_binding.node' (mach-o file, but is an incompatible architecture (have 'x86_64', need 'arm64'))",
      /another processor/,
    ],
    [
      'dlopen(/x/tfjs_binding.node, 1): Library not loaded: @rpath/libtensorflow.2.dylib',
      /^libtensorflow\.2\.dylib could not be loaded\. .*npm rebuild/,
    ],
    [
      'The specified module could not be found.\n\\\\?\\C:\\x\\tfjs_binding.node',
      /tensorflow\.dll.*deps\\lib.*Visual C\+\+/,
    ],
    [
      "The module '/x/tfjs_binding.node' was compiled against a different Node.js version using NODE_MODULE_VERSION 93.",
      /another version of Node\.js\. .*npm rebuild/,
    ],
  ])('%s', (words, why) => {
    expect(loadingTrouble('tensorflow', 'tfjs-node', words)).toMatch(why);
  });

  it('of cuDNN and Windows', () => {
    expect(
      gpuTrouble('Could not locate zlibwapi.dll. Please make sure it is in your library path!'),
    ).toMatch('zlibwapi.dll');
    expect(
      gpuTrouble(
        "Could not load dynamic library 'cudart64_110.dll'; dlerror: cudart64_110.dll not found",
      ),
    ).toMatch('cudart64_110.dll could not be loaded');
    expect(
      gpuTrouble(
        'Loaded runtime CuDNN library: 8.0.5 but source was compiled with: 8.1.0.  CuDNN library needs to have matching major version',
      ),
    ).toMatch('cuDNN 8.0.5 was found where 8.1 is needed');
    expect(gpuTrouble('Could not create cudnn handle: CUDNN_STATUS_NOT_INITIALIZED')).toMatch(
      'CUDNN_STATUS_NOT_INITIALIZED',
    );
    expect(gpuTrouble("Could not load dynamic library 'libnvinfer.so.7'; dlerror: ...")).toBeNull();
  });
});
