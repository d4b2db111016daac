import { createCandidate, type Candidate } from './candidates.ts';
import type { DeviceInfo } from './engine.ts';
import { runProbeStep, timeStep, type StepSample, type Timing } from './probe-step.ts';

/** What the probe's process is asked: once, then it has done its work. */
export interface ProbeRequest {
  readonly candidate: Candidate;
  /** The user's own step, to be timed; without it only the small step is run. */
  readonly sample?: StepSample;
}

/** What it answers. */
export type ProbeReply =
  { readonly device: DeviceInfo; readonly timing?: Timing } | { readonly error: string };

/** The port that Electron's utility process has in place of `process.on('message')`. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}

const parentPort = (process as { parentPort?: ParentPort }).parentPort;
const answer = (request: unknown) => {
  void tryCandidate(request as ProbeRequest).then((reply) =>
    parentPort ? parentPort.postMessage(reply) : process.send?.(reply),
  );
};

if (parentPort) parentPort.on('message', (event) => answer(event.data));
else {
  process.on('message', answer);
  process.on('disconnect', () => process.exit());
}

async function tryCandidate({ candidate, sample }: ProbeRequest): Promise<ProbeReply> {
  try {
    const engine = await createCandidate(candidate);
    await runProbeStep(engine);
    const unsupported = sample ? engine.unsupported(sample.program) : [];
    if (unsupported.length > 0) return { error: `it can't run ${unsupported.join(', ')}` };
    return {
      device: engine.device,
      ...(sample && { timing: await timeStep(engine, sample) }),
    };
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
