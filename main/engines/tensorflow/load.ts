import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import util from 'node:util';
import type { DeviceInfo } from '../engine.ts';
import type { Tf } from './kernels/kernel.ts';

/** What brings tfjs's backend: TensorFlow's library for the GPU or the CPU, or plain JavaScript. */
export type TensorflowProvider = 'tfjs-node-gpu' | 'tfjs-node' | 'javascript';

/** tfjs with its backend set. */
export interface LoadedTensorflow {
  readonly tf: Tf;
  readonly device: DeviceInfo;
}

// tfjs's packages are CommonJS; one `require` for all keeps them on one copy of tfjs-core.
const require = createRequire(import.meta.url);

/**
 * The state of a native package: absent, there without its addon (its download failed), or whole.
 * Only files are looked at: requiring a package without its addon prints pages and throws.
 */
export function nativePackage(
  provider: Exclude<TensorflowProvider, 'javascript'>,
): 'absent' | 'no addon' | 'whole' {
  let manifest: string;
  try {
    manifest = require.resolve(`@tensorflow/${provider}/package.json`);
  } catch {
    return 'absent';
  }
  const addon = join(dirname(manifest), 'lib', 'napi-v8', 'tfjs_binding.node');
  return existsSync(addon) ? 'whole' : 'no addon';
}

/**
 * Loads tfjs and sets its backend; unless told, the first native package that is whole, else JavaScript.
 * Throws when the provider can't be loaded or tfjs stays on another backend.
 */
export async function loadTensorflow(provider?: TensorflowProvider): Promise<LoadedTensorflow> {
  const chosen =
    provider ??
    (['tfjs-node-gpu', 'tfjs-node'] as const).find((name) => nativePackage(name) === 'whole') ??
    'javascript';
  const tf = chosen === 'javascript' ? loadJavaScript() : loadNative(chosen);
  const backend = chosen === 'javascript' ? 'cpu' : 'tensorflow';
  tf.enableProdMode(); // no advice on the console
  await tf.setBackend(backend);
  await tf.ready();
  if (tf.getBackend() !== backend)
    throw new Error(
      `tfjs was asked for its backend "${backend}" but stays on "${tf.getBackend()}"`,
    );
  return { tf, device: deviceOf(tf, chosen) };
}

function loadJavaScript(): Tf {
  const tf = require('@tensorflow/tfjs-core') as Tf;
  require('@tensorflow/tfjs-backend-cpu');
  return tf;
}

function loadNative(provider: Exclude<TensorflowProvider, 'javascript'>): Tf {
  const state = nativePackage(provider);
  if (state !== 'whole')
    throw new Error(
      state === 'absent'
        ? `@tensorflow/${provider} is not installed`
        : `@tensorflow/${provider} is installed without its addon lib/napi-v8/tfjs_binding.node`,
    );
  // Node 23 removed these two, which tfjs-node calls in every operation.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  return require(`@tensorflow/${provider}`) as Tf;
}

function deviceOf(tf: Tf, provider: TensorflowProvider): DeviceInfo {
  if (provider === 'javascript') return { kind: 'cpu', name: 'CPU, JavaScript', provider };
  const { isUsingGpuDevice } = tf.backend() as unknown as { isUsingGpuDevice: boolean };
  if (isUsingGpuDevice) return { kind: 'gpu', name: gpuName(), provider };
  return { kind: 'cpu', name: `CPU, ${availableParallelism()} threads`, provider };
}

function gpuName(): string {
  try {
    const names = execFileSync('nvidia-smi', ['--query-gpu=name', '--format=csv,noheader'], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return names.split('\n')[0]!.trim() || 'GPU';
  } catch {
    return 'GPU';
  }
}
