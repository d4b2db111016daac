import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import util from 'node:util';
import type { DeviceInfo } from '../engine.ts';
import { wantedThreads } from '../threads.ts';
import type { Tf } from './kernels/kernel.ts';

/** What brings tfjs's backend: TensorFlow's library for the GPU or the CPU, or plain JavaScript. */
export type TensorflowProvider = 'tfjs-node-gpu' | 'tfjs-node' | 'javascript';

/** tfjs with its backend set. A GPU that is listed need not work: the probe finds out, and names it. */
export interface LoadedTensorflow {
  readonly tf: Tf;
  readonly device: DeviceInfo;
}

// tfjs's packages are CommonJS; one `require` for all keeps them on one copy of tfjs-core.
const require = createRequire(import.meta.url);

/** The state of a native package: whole, or what is missing. */
export type PackageState = 'absent' | 'no addon' | 'no library' | 'whole';

/**
 * What there is of a native package: nothing; its JavaScript alone (the download of its addon failed); on Windows, the
 * addon without the library, which the set-up may put into another folder; or all. Only files are looked at: requiring
 * a package without its addon prints pages and throws.
 */
export function nativePackage(
  provider: Exclude<TensorflowProvider, 'javascript'>,
  from: NodeJS.Require = require,
  platform: NodeJS.Platform = process.platform,
): PackageState {
  let manifest: string;
  try {
    manifest = from.resolve(`@tensorflow/${provider}/package.json`);
  } catch {
    return 'absent';
  }
  const folder = join(dirname(manifest), 'lib', 'napi-v8');
  if (!existsSync(join(folder, 'tfjs_binding.node'))) return 'no addon';
  if (platform === 'win32' && !existsSync(join(folder, 'tensorflow.dll'))) return 'no library';
  return 'whole';
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
  const missing = missingPackage(provider);
  if (missing !== null) throw new Error(missing);
  // Node 23 removed these two, which tfjs-node calls in every operation.
  Object.assign(util, {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  });
  const threads = wantedThreads();
  if (threads !== null) process.env['TF_NUM_INTRAOP_THREADS'] = String(threads);
  return require(`@tensorflow/${provider}`) as Tf;
}

/** What is missing of a native package and what the user can do, or null when it is whole. */
export function missingPackage(
  provider: Exclude<TensorflowProvider, 'javascript'>,
  state = nativePackage(provider),
): string | null {
  const name = `@tensorflow/${provider}`;
  switch (state) {
    case 'absent':
      return `${name} is not installed. To have it: npm install --no-save ${name}@4.22.0`;
    case 'no addon':
      return (
        `${name} is installed without its addon, lib/napi-v8/tfjs_binding.node, which its set-up downloads. ` +
        `To try again: npm rebuild ${name}`
      );
    case 'no library':
      return (
        `${name} is installed without tensorflow.dll in lib\\napi-v8. Copy it there from the package's deps\\lib; ` +
        `where it is not there either: npm rebuild ${name}`
      );
    case 'whole':
      return null;
  }
}

function deviceOf(tf: Tf, provider: TensorflowProvider): DeviceInfo {
  if (provider === 'javascript') return { kind: 'cpu', name: 'CPU, JavaScript', provider };
  const { isUsingGpuDevice } = tf.backend() as unknown as { isUsingGpuDevice: boolean };
  if (isUsingGpuDevice) return { kind: 'gpu', name: 'GPU', provider };
  const threads = wantedThreads() ?? availableParallelism();
  return { kind: 'cpu', name: `CPU, ${threads} thread${threads > 1 ? 's' : ''}`, provider };
}
