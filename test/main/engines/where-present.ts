import { mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { describe, it } from 'vitest';
import { createCandidate, missingParts, type Candidate } from '../../../main/engines/candidates.ts';
import { forkProbe } from '../../../main/engines/probe-process.ts';
import { probeNow, type ProbeResult } from '../../../main/engines/probe.ts';
import { bundleProgram } from '../service/bundle.ts';
import { conformance } from './conformance.ts';

/** How far a GPU's float32 may be off: its exponential, its sine and the like are rougher than a processor's. */
const GPU_TOLERANCE = 1e-3;

/**
 * The whole conformance suite on an engine by one way to its device, where it is installed and a probe finds that it
 * computes; elsewhere it says loudly why not. Of tfjs's packages, one a process, and so a test file.
 */
export async function conformanceWherePresent(candidate: Candidate): Promise<void> {
  const { engine, provider } = candidate;
  const { device, reason, resident } = await tried(candidate);
  const name = `${engine} (${provider})`;
  if (device) {
    if (reason) console.warn(`\n${name}: ${reason}\n`);
    conformance(
      `${name} on ${device.name}`,
      () => createCandidate(candidate, resident === undefined ? {} : { resident }),
      device.kind === 'gpu' ? GPU_TOLERANCE : undefined,
    );
    return;
  }
  console.warn(`\n${name} is NOT tested: ${reason}\n`);
  describe.skip(`${name} engine`, () => it('computes here', () => {}));
}

/** What a probe finds, in this process's environment too. */
async function tried(
  candidate: Candidate,
): Promise<Pick<ProbeResult, 'device' | 'reason' | 'resident'>> {
  const missing = missingParts(candidate);
  if (missing !== null) return { reason: missing };
  // NVIDIA's libraries would multiply with 10 bits in the place of 23.
  process.env['NVIDIA_TF32_OVERRIDE'] = '0';
  const folder = await mkdtemp(resolve('node_modules', '.where-present-test-'));
  try {
    const entry = await bundleProgram('main/engines/probe-child.ts', join(folder, 'probe.mjs'));
    const found = await probeNow(candidate, { start: forkProbe(entry) });
    Object.assign(process.env, found.env);
    return found;
  } finally {
    await rm(folder, { recursive: true });
  }
}
