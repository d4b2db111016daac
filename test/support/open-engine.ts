import { createCandidate, listCandidates } from '../../main/engines/candidates.ts';
import type { Engine, EngineName } from '../../main/engines/engine.ts';
import { probe } from '../../main/engines/probe.ts';

/**
 * An engine by the named provider, or by the first of its providers that works here, as the probe finds it. Throws an
 * Error that names what was tried and says why it does not work.
 */
export async function openEngine(engine: EngineName, provider?: string): Promise<Engine> {
  const candidates =
    provider === undefined
      ? listCandidates().filter((candidate) => candidate.engine === engine)
      : [{ engine, provider }];
  const reasons: string[] = [];
  for (const candidate of candidates) {
    const { device, env, resident, reason } = await probe(candidate);
    if (device) {
      Object.assign(process.env, env);
      return createCandidate(candidate, { ...(resident !== undefined && { resident }) });
    }
    reasons.push(`${engine} (${candidate.provider}) does not work here: ${reason}`);
  }
  throw new Error(reasons.join('\n'));
}
