import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, it } from 'vitest';
import type { DeviceInfo } from '../../../main/engines/engine.ts';
import { forkProbe } from '../../../main/engines/probe-process.ts';
import { probeNow } from '../../../main/engines/probe.ts';
import { createTensorflowEngine } from '../../../main/engines/tensorflow/engine.ts';
import { missingPackage } from '../../../main/engines/tensorflow/load.ts';
import { bundleProgram } from '../service/bundle.ts';
import { conformance } from './conformance.ts';

/**
 * The whole conformance suite on libtensorflow itself, where the package is there with its addon and a probe finds
 * that it computes; elsewhere it says loudly why not. One package a process, and so a test file.
 */
export async function conformanceOnLibrary(provider: 'tfjs-node' | 'tfjs-node-gpu'): Promise<void> {
  const found = missingPackage(provider) ?? (await tried(provider));
  if (typeof found !== 'string') {
    conformance(`tensorflow (${provider} on ${found.name})`, () =>
      createTensorflowEngine({ provider }),
    );
    return;
  }
  console.warn(`\nlibtensorflow is NOT tested through ${provider}: ${found}\n`);
  describe.skip(`tensorflow (${provider}) engine`, () => it('runs on libtensorflow', () => {}));
}

/** The device that the package really computes on, in this process's environment too; or why it does not. */
async function tried(provider: 'tfjs-node' | 'tfjs-node-gpu'): Promise<DeviceInfo | string> {
  // NVIDIA's libraries would multiply with 10 bits in the place of 23.
  process.env['NVIDIA_TF32_OVERRIDE'] = '0';
  const folder = await mkdtemp(resolve('node_modules', '.libtensorflow-test-'));
  try {
    const entry = await bundleProgram('main/engines/probe-child.ts', join(folder, 'probe.mjs'));
    const candidate = { engine: 'tensorflow', provider } as const;
    const { device, reason, env } = await probeNow(candidate, { start: forkProbe(entry) });
    Object.assign(process.env, env);
    if (device && reason) console.warn(`\n${provider}: ${reason}\n`);
    return device ?? reason ?? 'it does not compute';
  } finally {
    await rm(folder, { recursive: true });
  }
}
