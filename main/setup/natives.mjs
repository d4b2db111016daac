import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { npm, remember, remembered, root, run, say, step, tail } from './steps.mjs';

const modules = join(root, 'node_modules');

/** For how long a download that failed is not tried again. */
const patience = 24 * 3600 * 1000;

/**
 * On Windows the package's own set-up may leave its library where its addon does not find it.
 * @param {string} folder the package's
 */
async function libraryBesideAddon(folder) {
  const [from, to] = ['deps/lib', 'lib/napi-v8'].map((part) =>
    join(folder, part, 'tensorflow.dll'),
  );
  if (from && to && existsSync(from) && !existsSync(to)) await copyFile(from, to);
}

/** @returns {boolean} whether an NVIDIA driver answers */
function hasNvidia() {
  return spawnSync('nvidia-smi', ['-L'], { timeout: 5000 }).status === 0;
}

/**
 * A part that comes by download and may be missing.
 * @typedef {object} Native
 * @property {string} name
 * @property {string} path what is there once it is installed
 * @property {string} cost what its absence costs
 * @property {boolean} [gpu] of use only where an NVIDIA driver answers
 * @property {number} seconds the time limit
 * @property {(seconds: number) => Promise<unknown>} fetch
 */

/** @type {Native[]} */
const natives = [
  ...[
    {
      name: '@tensorflow/tfjs-node',
      cost: 'no TensorFlow library on the CPU; ONNX Runtime and the JavaScript engine work',
    },
    {
      name: '@tensorflow/tfjs-node-gpu',
      gpu: true,
      cost: 'no CUDA through TensorFlow; ONNX Runtime and the JavaScript engine work',
    },
  ].map((native) => ({
    ...native,
    path: join(modules, native.name, 'lib/napi-v8/tfjs_binding.node'),
    seconds: 180,
    fetch: async (/** @type {number} */ seconds) => {
      await npm(['rebuild', native.name], { seconds });
      if (process.platform === 'win32') await libraryBesideAddon(join(modules, native.name));
    },
  })),
  ...(process.platform === 'linux' && process.arch === 'x64'
    ? [
        {
          name: "ONNX Runtime's CUDA provider",
          gpu: true,
          path: join(
            modules,
            'onnxruntime-node/bin/napi-v6/linux/x64/libonnxruntime_providers_cuda.so',
          ),
          cost: 'no CUDA through ONNX Runtime; its CPU and WebGPU providers work',
          seconds: 300,
          fetch: (/** @type {number} */ seconds) =>
            run(process.execPath, [join(modules, 'onnxruntime-node/script/install.js')], {
              env: { ONNXRUNTIME_NODE_INSTALL: 'cuda12' },
              seconds,
            }),
        },
      ]
    : []),
];

/**
 * Fetches what comes by download, each within its time limit; says what is missing and what that costs. Never fails:
 * every one of them is optional.
 */
export async function ensureNatives() {
  const missing = natives.filter(({ path }) => !existsSync(path));
  const useless = missing.some(({ gpu }) => gpu) && !hasNvidia();
  for (const { name, path, cost, gpu, seconds, fetch } of missing) {
    if (gpu && useless) {
      say(`${name} is not here, for no NVIDIA driver answers: ${cost}.`);
      continue;
    }
    await tryOnce(name, seconds, fetch);
    if (!existsSync(path)) say(`${name} is not here: ${cost}.`);
  }
}

/**
 * Tries a download, unless it failed within the last day; says why when it fails.
 * @param {string} name
 * @param {number} seconds the time limit
 * @param {(seconds: number) => Promise<unknown>} fetch
 * @param {boolean} [again] tries whatever happened before
 */
export async function tryOnce(name, seconds, fetch, again = false) {
  const key = `failed-${name.replace(/\W+/g, '-')}`;
  const failed = again ? undefined : remembered(key);
  if (typeof failed === 'number' && Date.now() - failed < patience) return;
  try {
    await step(`Fetching ${name} (at most ${seconds} s)`, () => fetch(seconds));
  } catch (error) {
    remember(key, Date.now());
    const { message } = /** @type {Error} */ (error);
    say(`  ${/Error: .*/.exec(message)?.[0] ?? tail(message, 1)}`);
  }
}
