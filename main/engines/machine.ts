import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, release, totalmem } from 'node:os';
import type { Environment } from '../../shared/api/events.ts';
import { nvidiaDriver, nvidiaGpus } from './devices/nvidia.ts';
import { sysfsGpus } from './devices/sysfs.ts';
import { defaultThreads } from './threads.ts';

/** The packages that compute, by whose versions their speed may change. */
const PACKAGES = [
  'onnxruntime-node',
  '@tensorflow/tfjs-core',
  '@tensorflow/tfjs-node',
  '@tensorflow/tfjs-node-gpu',
] as const;

/**
 * What decides how fast engines are here: processors and threads that this process may use, GPUs with their drivers,
 * the system and the packages with their versions. As text, to be compared.
 */
export async function describeMachine(): Promise<string> {
  const [nvidia, others] = await Promise.all([nvidiaGpus(), sysfsGpus()]);
  const driver = nvidia.length > 0 ? await nvidiaDriver() : null;
  const packages = await Promise.all(
    PACKAGES.map(async (name) => `${name} ${await version(name)}`),
  );
  return [
    `${process.platform} ${release()} ${process.arch}, Node ${process.versions.node}`,
    `${cpus()[0]?.model ?? 'CPU'}, ${availableParallelism()} of ${cpus().length}, ${defaultThreads()} threads`,
    ...[...nvidia, ...others].map(({ name, memory }) => `${name} ${memory ?? ''}`),
    ...(driver === null ? [] : [`NVIDIA ${driver}`]),
    ...packages,
  ].join('\n');
}

/** What a training runs on, for its record. */
export async function environmentHere(): Promise<Environment> {
  const [nvidia, others] = await Promise.all([nvidiaGpus(), sysfsGpus()]);
  const driver = nvidia.length > 0 ? await nvidiaDriver() : null;
  const versions = await Promise.all(
    PACKAGES.map(async (name) => [name, await version(name)] as const),
  );
  return {
    node: process.versions.node,
    ...(process.versions['electron'] && { electron: process.versions['electron'] }),
    system: `${process.platform} ${release()} ${process.arch}`,
    processor: cpus()[0]?.model ?? 'CPU',
    cores: availableParallelism(),
    memory: totalmem(),
    gpus: [...nvidia, ...others].map(({ name }) => name),
    ...(driver !== null && { driver: `NVIDIA ${driver}` }),
    packages: Object.fromEntries(versions.filter(([, found]) => found !== 'none')),
  };
}

async function version(name: string): Promise<string> {
  try {
    const file = createRequire(import.meta.url).resolve(`${name}/package.json`);
    return (JSON.parse(await readFile(file, 'utf8')) as { version: string }).version;
  } catch {
    return 'none';
  }
}
